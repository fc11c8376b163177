import { type ConsumerContract, CONSUMERS, type ConsumerName, redriveConsumer } from './consumers.js';
import { type BucketName, bucketStream, bucketSubjects, type StreamName } from './streams.js';
import {
  deadLetterSubject,
  DISPATCHABILITY_NOTICE,
  EVERY_ORCHESTRATOR_EVENT,
  everyRobot,
  liveSubject,
  mallEventsFilter,
  ROBOT_SUBJECTS,
  robotEventsFilter,
  robotSubject,
  type RobotSubjectTemplate,
} from './subjects.js';

/** What a service's broker user may say and hear; everything else is refused by the broker. */
export interface ServiceUser {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** The broker tells here that a robot acknowledged a delivery of its durable: the device's own evidence. */
export const DELIVERY_EVIDENCE = '$JS.EVENT.METRIC.CONSUMER.ACK.ROBOT_COMMANDS.*';

const SERVICES = ['gateway', 'robots', 'commands', 'telemetry', 'orchestrators', 'beacons', 'all-in-one'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Prefix of a connection's reply subjects; each user may listen on its own alone. */
export const inboxPrefixOf = (user: string): string => `_INBOX_${user}`;

const replies = SERVICES.map((name) => `${inboxPrefixOf(name)}.>`);
const api = (rest: string): string => `$JS.API.${rest}`;

/** Rights to work off one durable, its re-driven messages, and to dead-letter what it refuses. */
function consume(name: ConsumerName): string[] {
  const own: ConsumerContract = CONSUMERS[name];
  const perDurable = [own, redriveConsumer(own)].flatMap(({ stream, durable }) => [
    api(`CONSUMER.INFO.${stream}.${durable}`),
    api(`CONSUMER.MSG.NEXT.${stream}.${durable}`),
    `$JS.ACK.${stream}.${durable}.>`,
    api(`STREAM.INFO.${stream}`),
  ]);
  return [...perDurable, deadLetterSubject(own.stream, own.durable)];
}

/** Rights to read a stream from any position with a consumer of one's own. */
function read(stream: StreamName): string[] {
  return [
    api(`STREAM.INFO.${stream}`),
    api(`STREAM.MSG.GET.${stream}`),
    api(`DIRECT.GET.${stream}`),
    api(`DIRECT.GET.${stream}.>`),
    api(`CONSUMER.CREATE.${stream}`),
    api(`CONSUMER.CREATE.${stream}.>`),
    api(`CONSUMER.INFO.${stream}.*`),
    api(`CONSUMER.MSG.NEXT.${stream}.*`),
    api(`CONSUMER.DELETE.${stream}.*`),
  ];
}

/** Rights to stream files in and out of an object store, and to drop them. */
function files(bucket: BucketName): string[] {
  const stream = bucketStream(bucket);
  return [
    bucketSubjects(bucket),
    api(`STREAM.INFO.${stream}`),
    api(`STREAM.PURGE.${stream}`),
    api(`STREAM.MSG.GET.${stream}`),
    api(`DIRECT.GET.${stream}`),
    api(`DIRECT.GET.${stream}.>`),
    api(`CONSUMER.CREATE.${stream}`),
    api(`CONSUMER.CREATE.${stream}.>`),
    api(`CONSUMER.INFO.${stream}.*`),
    api(`CONSUMER.MSG.NEXT.${stream}.*`),
    api(`CONSUMER.DELETE.${stream}.*`),
    '$JS.FC.>',
  ];
}

const robots: ServiceUser = {
  publish: [
    ...consume('identityIngest'),
    ...consume('capabilityIngest'),
    ...consume('settingsReportedIngest'),
    ...consume('statusIngest'),
    ...consume('telemetryPresence'),
    ...consume('ackPresence'),
    robotEventsFilter(),
    everyRobot(ROBOT_SUBJECTS.settingsDesired),
    everyRobot(ROBOT_SUBJECTS.command),
    api('CONSUMER.DURABLE.CREATE.ROBOT_COMMANDS.*'),
    api('CONSUMER.CREATE.ROBOT_COMMANDS.>'),
    api('CONSUMER.INFO.ROBOT_COMMANDS.*'),
    api('STREAM.INFO.ROBOT_COMMANDS'),
    'rpc.commands.>',
    DISPATCHABILITY_NOTICE,
    ...replies,
  ],
  subscribe: ['rpc.robots.>', `${inboxPrefixOf('robots')}.>`],
};

const commands: ServiceUser = {
  publish: [
    ...consume('commandAckIngest'),
    ...read('ROBOT_COMMANDS'),
    api('STREAM.MSG.DELETE.ROBOT_COMMANDS'),
    everyRobot(ROBOT_SUBJECTS.command),
    robotEventsFilter(),
    'rpc.robots.>',
    ...replies,
  ],
  subscribe: ['rpc.commands.>', DISPATCHABILITY_NOTICE, DELIVERY_EVIDENCE, `${inboxPrefixOf('commands')}.>`],
};

const telemetry: ServiceUser = {
  publish: [...consume('telemetryIngest'), ...replies],
  subscribe: ['rpc.telemetry.>', `${inboxPrefixOf('telemetry')}.>`],
};

const orchestrators: ServiceUser = {
  publish: [
    EVERY_ORCHESTRATOR_EVENT,
    mallEventsFilter(),
    'rpc.beacons.>',
    api('STREAM.PURGE.ORCHESTRATOR_EVENTS'),
    ...replies,
  ],
  subscribe: ['rpc.orchestrators.>', `${inboxPrefixOf('orchestrators')}.>`],
};

const beacons: ServiceUser = {
  publish: [EVERY_ORCHESTRATOR_EVENT, mallEventsFilter(), 'rpc.orchestrators.>', ...files('FIRMWARE'), ...replies],
  subscribe: ['rpc.beacons.>', `${inboxPrefixOf('beacons')}.>`],
};

const gateway: ServiceUser = {
  publish: [
    'rpc.robots.>',
    'rpc.commands.>',
    'rpc.telemetry.>',
    'rpc.orchestrators.>',
    'rpc.beacons.>',
    'redrive.>',
    ...files('FIRMWARE'),
    ...read('EVENTS'),
    ...read('ORCHESTRATOR_EVENTS'),
    ...read('ROBOT_STATUS'),
    ...read('ROBOT_TELEMETRY'),
    ...read('DEAD_LETTERS'),
    api('STREAM.MSG.DELETE.DEAD_LETTERS'),
  ],
  subscribe: [liveSubject('>'), `${inboxPrefixOf('gateway')}.>`],
};

function union(users: readonly ServiceUser[], name: string): ServiceUser {
  const merge = (pick: (user: ServiceUser) => readonly string[]): string[] => [...new Set(users.flatMap(pick))];
  return {
    publish: merge((user) => user.publish),
    subscribe: [...merge((user) => user.subscribe), `${inboxPrefixOf(name)}.>`],
  };
}

/** One broker user per service, with its own subjects alone. */
export const SERVICE_USERS: Readonly<Record<ServiceName, ServiceUser>> = {
  gateway,
  robots,
  commands,
  telemetry,
  orchestrators,
  beacons,
  'all-in-one': union([gateway, robots, commands, telemetry, orchestrators, beacons], 'all-in-one'),
};

/** What one robot may say and hear (architecture, "Security"): itself, and nobody else. */
export function robotUser(
  robotId: string,
  durables: { commands: ConsumerContract; settings: ConsumerContract },
): ServiceUser {
  const own = (template: RobotSubjectTemplate): string => robotSubject(template, robotId);
  const pull = Object.values(durables).flatMap(({ stream, durable }) => [
    api(`CONSUMER.INFO.${stream}.${durable}`),
    api(`CONSUMER.MSG.NEXT.${stream}.${durable}`),
    `$JS.ACK.${stream}.${durable}.>`,
  ]);
  return {
    publish: [
      own(ROBOT_SUBJECTS.identity),
      own(ROBOT_SUBJECTS.capability),
      own(ROBOT_SUBJECTS.status),
      own(ROBOT_SUBJECTS.telemetry),
      own(ROBOT_SUBJECTS.settingsReported),
      own(ROBOT_SUBJECTS.commandAck),
      ...pull,
    ],
    subscribe: [own(ROBOT_SUBJECTS.command), own(ROBOT_SUBJECTS.settingsDesired), `${inboxPrefixOf(robotId)}.>`],
  };
}
