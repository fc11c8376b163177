import Type, { type Static, type TSchema } from 'typebox';
import { envelopeOf, JsonObject } from './envelope.js';
import { ROBOT_SUBJECTS, type RobotSubjectTemplate } from '../subjects.js';
import { MAX_MESSAGE_BYTES, type StreamName } from '../streams.js';

/** Three of them merged into one robot must fit into one reply of the broker. */
const MAX_REPORT_BYTES = 256 * 1_024;

const Text = Type.Optional(Type.Union([Type.String({ maxLength: 256 }), Type.Null()]));

/** Identity: mapped fields are optional, everything else the robot says about itself is kept. */
export const IdentityPayload = Type.Intersect([
  Type.Object({ model: Text, vendor: Text, firmwareVersion: Text, serialNumber: Text }),
  JsonObject,
]);

/** A command as the robot receives it (decision G6). */
export const CommandPayload = Type.Object({
  commandId: Type.String({ description: 'UUID, also the correlationId; a robot executes one id once' }),
  commandType: Type.String({ minLength: 1, maxLength: 64 }),
  payload: JsonObject,
  expiresAt: Type.String({ description: 'ISO 8601 UTC; do not start later' }),
});

/** An acknowledgement (decision B1): status is read case-insensitively and with its synonyms. */
export const CommandAckPayload = Type.Intersect([
  Type.Object({
    commandId: Type.Optional(Type.String({ maxLength: 128 })),
    status: Type.String({
      minLength: 1,
      maxLength: 32,
      description: 'ACCEPTED | REJECTED | PROGRESS | COMPLETED | FAILED',
    }),
    progress: Type.Optional(
      Type.Union([Type.Number({ description: 'percent or fraction, as the robot counts' }), Type.Null()]),
    ),
    result: Type.Optional(Type.Unknown()),
    error: Type.Optional(Type.Unknown()),
  }),
  JsonObject,
]);

/** One message of the wire, declared once: type, check, documentation and stream all come from here. */
export interface MessageContract<P extends TSchema = TSchema> {
  /** `type` field of the envelope. */
  readonly type: string;
  readonly subject: RobotSubjectTemplate;
  readonly stream: StreamName;
  readonly direction: 'robot-to-muster' | 'muster-to-robot';
  readonly payload: P;
  readonly envelope: TSchema;
  readonly summary: string;
  /** The largest envelope, with its numbers written out. */
  readonly maxBytes: number;
  /** Version of Muster that first spoke it. */
  readonly since: string;
}

function declare<P extends TSchema>(message: Omit<MessageContract<P>, 'envelope' | 'since'>): MessageContract<P> {
  return { ...message, envelope: envelopeOf(message.type, message.payload), since: '0.1.0' };
}

/** Every message between robots and Muster. */
export const ROBOT_MESSAGES = {
  identity: declare({
    type: 'identity',
    subject: ROBOT_SUBJECTS.identity,
    stream: 'ROBOT_REPORTS',
    direction: 'robot-to-muster',
    payload: IdentityPayload,
    maxBytes: MAX_REPORT_BYTES,
    summary: 'Who the robot is: model, vendor, firmware version, serial number.',
  }),
  capability: declare({
    type: 'capability',
    subject: ROBOT_SUBJECTS.capability,
    stream: 'ROBOT_REPORTS',
    direction: 'robot-to-muster',
    payload: JsonObject,
    maxBytes: MAX_REPORT_BYTES,
    summary: 'What the robot can do: commands, speed, sensors, payload limits, charging, docking.',
  }),
  status: declare({
    type: 'status',
    subject: ROBOT_SUBJECTS.status,
    stream: 'ROBOT_STATUS',
    direction: 'robot-to-muster',
    payload: JsonObject,
    maxBytes: MAX_REPORT_BYTES,
    summary: 'The state the robot is in; the newest counts.',
  }),
  telemetry: declare({
    type: 'telemetry',
    subject: ROBOT_SUBJECTS.telemetry,
    stream: 'ROBOT_TELEMETRY',
    direction: 'robot-to-muster',
    payload: JsonObject,
    maxBytes: MAX_MESSAGE_BYTES,
    summary: 'A sample of the time series: position, battery, anything numeric.',
  }),
  settingsReported: declare({
    type: 'settings.reported',
    subject: ROBOT_SUBJECTS.settingsReported,
    stream: 'ROBOT_REPORTS',
    direction: 'robot-to-muster',
    payload: JsonObject,
    maxBytes: MAX_REPORT_BYTES,
    summary: 'The settings that the robot really applied: the source of truth.',
  }),
  settingsDesired: declare({
    type: 'settings.desired',
    subject: ROBOT_SUBJECTS.settingsDesired,
    stream: 'ROBOT_COMMANDS',
    direction: 'muster-to-robot',
    payload: JsonObject,
    maxBytes: MAX_MESSAGE_BYTES,
    summary: 'The settings that people want; the robot answers with what it applied.',
  }),
  command: declare({
    type: 'cmd',
    subject: ROBOT_SUBJECTS.command,
    stream: 'ROBOT_COMMANDS',
    direction: 'muster-to-robot',
    payload: CommandPayload,
    maxBytes: MAX_MESSAGE_BYTES,
    summary: 'A request to act. correlationId is the commandId.',
  }),
  commandAck: declare({
    type: 'cmd.ack',
    subject: ROBOT_SUBJECTS.commandAck,
    stream: 'ROBOT_ACKS',
    direction: 'robot-to-muster',
    payload: CommandAckPayload,
    maxBytes: MAX_MESSAGE_BYTES,
    summary: 'Accepted, rejected, progress, completed or failed, with the command’s correlationId.',
  }),
} as const;

export type RobotMessageName = keyof typeof ROBOT_MESSAGES;
/** Payload type of a message by its name. */
export type PayloadOf<N extends RobotMessageName> = Static<(typeof ROBOT_MESSAGES)[N]['payload']>;
