export { Outbox } from './outbox.js';
export { OutboxModule } from './outbox.module.js';
export { createOutbox, outboxOf, type Outgoing } from './outbox.repository.js';
