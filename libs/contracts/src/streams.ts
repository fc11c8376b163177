import { EVERY_ORCHESTRATOR_EVENT, everyRobot, liveSubject, ROBOT_SUBJECTS } from './subjects.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The broker takes 1 MiB. The rest of it is for what Muster adds: a dead letter's headers, the frame of a reply. */
export const MAX_MESSAGE_BYTES = (1_024 - 16) * 1_024;

/** What a stream keeps and how; times in milliseconds, sizes in bytes, -1 for no limit. */
export interface StreamContract {
  readonly subjects: readonly string[];
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  readonly maxPerSubject: number;
  /** The largest message, headers included; the broker refuses others when they are published. */
  readonly maxMessageBytes: number;
  /** Window in which a repeated `Nats-Msg-Id` is dropped by the broker. */
  readonly duplicateWindowMs: number;
  /** `limits` keeps by age and size; `workqueue` drops a message once it is acknowledged. */
  readonly retention: 'limits' | 'workqueue';
  /** Re-emits each stored message on `live.>` with its stream sequence. */
  readonly republish: boolean;
  readonly why: string;
}

const BASE = {
  maxBytes: -1,
  maxPerSubject: -1,
  maxMessageBytes: -1,
  duplicateWindowMs: 120_000,
  retention: 'limits',
  republish: false,
} as const;

/** What robots publish. */
const FROM_ROBOTS = { ...BASE, maxMessageBytes: MAX_MESSAGE_BYTES } as const;

/** Every stream of the platform; the provisioner creates what is missing and compares the rest. */
export const STREAMS = {
  ROBOT_REPORTS: {
    ...FROM_ROBOTS,
    subjects: [
      everyRobot(ROBOT_SUBJECTS.identity),
      everyRobot(ROBOT_SUBJECTS.capability),
      everyRobot(ROBOT_SUBJECTS.settingsReported),
    ],
    maxAgeMs: 0,
    maxPerSubject: 16,
    why: 'Small and rare; the history lives in Postgres.',
  },
  ROBOT_STATUS: {
    ...FROM_ROBOTS,
    subjects: [everyRobot(ROBOT_SUBJECTS.status)],
    maxAgeMs: DAY_MS,
    republish: true,
    why: 'Watched live and replayed; a day covers every reconnect.',
  },
  ROBOT_TELEMETRY: {
    ...FROM_ROBOTS,
    subjects: [everyRobot(ROBOT_SUBJECTS.telemetry)],
    maxAgeMs: 3 * DAY_MS,
    maxBytes: 10 * 1024 ** 3,
    republish: true,
    why: 'Outlives a database outage of a long weekend.',
  },
  ROBOT_COMMANDS: {
    ...BASE,
    subjects: [everyRobot(ROBOT_SUBJECTS.command), everyRobot(ROBOT_SUBJECTS.settingsDesired)],
    maxAgeMs: 7 * DAY_MS,
    why: 'A robot’s durable consumer collects what it missed and is still valid.',
  },
  ROBOT_ACKS: {
    ...FROM_ROBOTS,
    subjects: [everyRobot(ROBOT_SUBJECTS.commandAck)],
    maxAgeMs: 7 * DAY_MS,
    why: 'Outcomes wait here while the command ledger is down.',
  },
  EVENTS: {
    ...BASE,
    subjects: ['events.>'],
    maxAgeMs: 7 * DAY_MS,
    republish: true,
    why: 'What people see: republished live and replayable.',
  },
  ORCHESTRATOR_EVENTS: {
    ...BASE,
    subjects: [EVERY_ORCHESTRATOR_EVENT],
    maxAgeMs: 2 * DAY_MS,
    republish: true,
    why: 'What orchestrators are told; twice the 24 hours after which they sync anew.',
  },
  DEAD_LETTERS: {
    ...BASE,
    subjects: ['dlq.>'],
    maxAgeMs: 30 * DAY_MS,
    maxBytes: 1024 ** 3,
    why: 'What no handler could digest, with the reason; listed and re-driven over REST.',
  },
  REDRIVES: {
    ...BASE,
    subjects: ['redrive.>'],
    maxAgeMs: 7 * DAY_MS,
    retention: 'workqueue',
    why: 'Dead letters on their way back to the one consumer that refused them.',
  },
} as const satisfies Record<string, StreamContract>;

export type StreamName = keyof typeof STREAMS;

/** Where re-emitted messages appear: `live.` before the stored subject. */
export const REPUBLISH = { source: '>', destination: liveSubject('>') } as const;

/** An object store: files in chunks, streamed in and out. */
export interface BucketContract {
  readonly description: string;
  readonly maxBytes: number;
}

/** Every object store of the platform; the provisioner creates what is missing. */
export const BUCKETS = {
  FIRMWARE: { description: 'Firmware files by their object name; what is kept is in Postgres.', maxBytes: -1 },
} as const satisfies Record<string, BucketContract>;

export type BucketName = keyof typeof BUCKETS;

/** The stream in which the broker keeps an object store, and the subjects of its files. */
export const bucketStream = (bucket: BucketName): string => `OBJ_${bucket}`;
export const bucketSubjects = (bucket: BucketName): string => `$O.${bucket}.>`;
