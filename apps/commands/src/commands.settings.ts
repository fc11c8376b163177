import { integer, settings } from '#libs/platform';

const DAY_MS = 86_400_000;

/** What the ledger is told by its environment. */
export class CommandsSettings extends settings({
  timeoutMs: integer('COMMAND_TIMEOUT_MS', {
    default: 30_000,
    min: 100,
    max: 7 * DAY_MS,
    hint: 'milliseconds a command has when its sender names no timeoutMs',
  }),
  maxTimeoutMs: integer('COMMAND_MAX_TIMEOUT_MS', {
    default: 7 * DAY_MS,
    min: 100,
    max: 7 * DAY_MS,
    hint: 'the longest timeoutMs that a sender may name',
  }),
  responseTimeoutMs: integer('COMMAND_RESPONSE_TIMEOUT_MS', {
    default: 10_000,
    min: 10,
    max: DAY_MS,
    hint: 'milliseconds without any answer before a command with retries is sent again',
  }),
  maxPayloadBytes: integer('COMMAND_MAX_PAYLOAD_BYTES', {
    default: 65_536,
    min: 256,
    max: 524_288,
    hint: 'the most bytes of a command’s payload, as JSON text',
  }),
  sweepIntervalMs: integer('COMMAND_SWEEP_INTERVAL_MS', {
    default: 250,
    min: 10,
    max: 60_000,
    hint: 'milliseconds between two looks for commands that are due',
  }),
  publishGraceMs: integer('COMMAND_PUBLISH_GRACE_MS', {
    default: 5_000,
    min: 0,
    max: 60_000,
    hint: 'milliseconds after which a command that was accepted but not published is published by the sweeper',
  }),
  ackHoldMs: integer('COMMAND_ACK_HOLD_MS', {
    default: 60_000,
    min: 0,
    max: 3_600_000,
    hint: 'milliseconds to hold back time-outs while acknowledgements wait in the stream and none are worked off',
  }),
  retentionDays: integer('COMMAND_RETENTION_DAYS', {
    default: 90,
    min: 8,
    max: 36_500,
    hint: 'days to keep a command that is over, with its timeline; more than the 7 that a command may live',
  }),
  dispatchCacheMs: integer('COMMAND_ROBOT_CACHE_MS', {
    default: 3_000,
    min: 0,
    max: 60_000,
    hint: 'milliseconds to remember that a robot exists and is enabled',
  }),
}) {}
