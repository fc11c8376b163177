import { outboxOf } from '#libs/outbox';

/** What the registry tells the broker, written with the fact that it tells. */
export const { enqueue, supersede } = outboxOf('robots');
