import { integer, settings } from '#libs/platform';

/** Limits of the event streams of orchestrators. */
export class OrchestratorEventsSettings extends settings({
  pingMs: integer('ORCHESTRATOR_PING_MS', {
    default: 30_000,
    min: 50,
    max: 3_600_000,
    hint: 'milliseconds between two pings on an event stream',
  }),
  contactMs: integer('ORCHESTRATOR_CONTACT_MS', {
    default: 30_000,
    min: 50,
    max: 3_600_000,
    hint: 'milliseconds between two reports of what connected orchestrators have received',
  }),
  connectionsPerOrchestrator: integer('ORCHESTRATOR_CONNECTIONS', {
    default: 5,
    min: 1,
    max: 1_000,
    hint: 'how many event streams one orchestrator may hold at one gateway; the oldest gives way',
  }),
  bufferBytes: integer('ORCHESTRATOR_BUFFER_BYTES', {
    default: 1_048_576,
    min: 1_024,
    max: 1_073_741_824,
    hint: 'bytes that may wait for one event stream before it is cut off; its client resumes',
  }),
  slowReplayMs: integer('ORCHESTRATOR_SLOW_REPLAY_MS', {
    default: 10_000,
    min: 100,
    max: 600_000,
    hint: 'milliseconds without progress after which a replay to a client that reads too slowly is cut off',
  }),
}) {}
