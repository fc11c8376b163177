import { integer, settings } from '#libs/platform';

/** Limits of live groups and replays. */
export class LiveSettings extends settings({
  replayLimit: integer('LIVE_REPLAY_LIMIT', {
    default: 10_000,
    min: 1,
    max: 1_000_000,
    hint: 'the most messages that one join replays before it asks for a resync',
  }),
  concurrentReplays: integer('LIVE_CONCURRENT_REPLAYS', {
    default: 32,
    min: 1,
    max: 1_000,
    hint: 'how many replays of one process may run at once',
  }),
  bufferFrames: integer('LIVE_BUFFER_FRAMES', {
    default: 10_000,
    min: 10,
    max: 1_000_000,
    hint: 'the most live messages that wait for one replay to end',
  }),
  refreshMs: integer('LIVE_REFRESH_MS', {
    default: 900_000,
    min: 100,
    max: 86_400_000,
    hint: 'milliseconds after which a quiet group’s position is brought up to the ends of its streams',
  }),
}) {}
