import { outboxOf } from '#libs/outbox';

/** What malls and their watchers are told, written with the fact that it tells. */
export const { enqueue, supersede } = outboxOf('orchestrators');
