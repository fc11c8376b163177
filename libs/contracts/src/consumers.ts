import { requireRobotId } from './identifiers.js';
import type { StreamName } from './streams.js';
import { everyRobot, redriveSubject, ROBOT_SUBJECTS, robotSubject } from './subjects.js';

/** A durable pull consumer; one filter subject each, since nats-server before 2.10 ignores several. */
export interface ConsumerContract {
  readonly durable: string;
  readonly stream: StreamName;
  readonly filter: string;
  /** How long the broker waits for an acknowledgement before it delivers again. */
  readonly ackWaitMs: number;
  /** How many messages may be in flight over all replicas; far above what they pull, see `DurableSubscription`. */
  readonly maxAckPending: number;
  /** Deliver subject and headers alone: enough to know that a device spoke. */
  readonly headersOnly: boolean;
  /** Have the broker tell when a delivery was acknowledged: a device's evidence that it got the message. */
  readonly reportsDeliveries: boolean;
  readonly why: string;
}

const BASE = { ackWaitMs: 30_000, maxAckPending: 20_000, headersOnly: false, reportsDeliveries: false } as const;

/** Every durable of the platform's own services. */
export const CONSUMERS = {
  identityIngest: {
    ...BASE,
    durable: 'robots_identity_ingest',
    stream: 'ROBOT_REPORTS',
    filter: everyRobot(ROBOT_SUBJECTS.identity),
    why: 'Identity snapshots into the registry.',
  },
  capabilityIngest: {
    ...BASE,
    durable: 'robots_capability_ingest',
    stream: 'ROBOT_REPORTS',
    filter: everyRobot(ROBOT_SUBJECTS.capability),
    why: 'Capability snapshots into the registry.',
  },
  settingsReportedIngest: {
    ...BASE,
    durable: 'robots_settings_reported_ingest',
    stream: 'ROBOT_REPORTS',
    filter: everyRobot(ROBOT_SUBJECTS.settingsReported),
    why: 'Applied settings into the registry.',
  },
  statusIngest: {
    ...BASE,
    durable: 'robots_status_ingest',
    stream: 'ROBOT_STATUS',
    filter: everyRobot(ROBOT_SUBJECTS.status),
    why: 'Newest status per robot into the registry.',
  },
  telemetryPresence: {
    ...BASE,
    durable: 'robots_telemetry_presence',
    stream: 'ROBOT_TELEMETRY',
    filter: everyRobot(ROBOT_SUBJECTS.telemetry),
    maxAckPending: 100_000,
    headersOnly: true,
    why: 'Telemetry is a sign of life, also while the telemetry service is down.',
  },
  ackPresence: {
    ...BASE,
    durable: 'robots_ack_presence',
    stream: 'ROBOT_ACKS',
    filter: everyRobot(ROBOT_SUBJECTS.commandAck),
    maxAckPending: 100_000,
    headersOnly: true,
    why: 'An acknowledgement is a sign of life.',
  },
  telemetryIngest: {
    ...BASE,
    durable: 'telemetry_ingest',
    stream: 'ROBOT_TELEMETRY',
    filter: everyRobot(ROBOT_SUBJECTS.telemetry),
    ackWaitMs: 60_000,
    maxAckPending: 100_000,
    why: 'Samples into the time series, in batches.',
  },
  commandAckIngest: {
    ...BASE,
    durable: 'commands_ack_ingest',
    stream: 'ROBOT_ACKS',
    filter: everyRobot(ROBOT_SUBJECTS.commandAck),
    why: 'Acknowledgements and results into the command ledger.',
  },
} as const satisfies Record<string, ConsumerContract>;

export type ConsumerName = keyof typeof CONSUMERS;

/** The second durable of a consumer: what an administrator sends back to it from the dead letters. */
export function redriveConsumer(consumer: ConsumerContract): ConsumerContract {
  return {
    ...BASE,
    durable: `${consumer.durable}_redrive`,
    stream: 'REDRIVES',
    filter: redriveSubject(consumer.stream, consumer.durable),
    why: `Re-driven dead letters of ${consumer.durable}.`,
  };
}

const ROBOT_ACK_WAIT_MS = 30_000;
const ROBOT_MAX_ACK_PENDING = 256;

/**
 * The two durables made for a robot when its credentials are issued: commands, and desired settings.
 * Two, because a consumer has one filter on servers before 2.10.
 */
export function robotConsumers(robotId: string): { commands: ConsumerContract; settings: ConsumerContract } {
  const id = requireRobotId(robotId);
  const base = {
    stream: 'ROBOT_COMMANDS',
    ackWaitMs: ROBOT_ACK_WAIT_MS,
    maxAckPending: ROBOT_MAX_ACK_PENDING,
    headersOnly: false,
    reportsDeliveries: true,
  } as const;
  return {
    commands: {
      ...base,
      durable: `robot_${id}`,
      filter: robotSubject(ROBOT_SUBJECTS.command, robotId),
      why: 'Commands that the robot missed and that are still valid.',
    },
    settings: {
      ...base,
      durable: `settings_${id}`,
      filter: robotSubject(ROBOT_SUBJECTS.settingsDesired, robotId),
      why: 'Desired settings that the robot missed.',
    },
  };
}
