import { integer, settings } from '#libs/platform';

/** When an orchestrator counts as gone. */
export class PresenceSettings extends settings({
  missedHeartbeats: integer('ORCHESTRATOR_MISSED_HEARTBEATS', {
    default: 5,
    min: 1,
    max: 1_000,
    hint: 'heartbeats that an orchestrator may miss before it is offline',
  }),
  staleAfterS: integer('ORCHESTRATOR_STALE_AFTER_S', {
    default: 86_400,
    min: 1,
    max: 172_800,
    hint: 'seconds without contact after which an orchestrator must sync anew; events are kept for twice the default',
  }),
}) {}
