import { Controller } from '@nestjs/common';
import { CONSUMERS, ROBOT_MESSAGES } from '#libs/contracts';
import { type InboundOf, Ingest } from '#libs/jetstream';
import { Registrar } from '../registry/registrar.js';
import { storeStatuses } from './status.repository.js';

/** People see a status at once from its own stream; here the newest one is kept for those who ask. */
@Controller()
export class StatusIngest {
  constructor(private readonly registrar: Registrar) {}

  @Ingest({
    consumer: CONSUMERS.statusIngest,
    message: ROBOT_MESSAGES.status,
    concurrency: 2,
    batch: { size: 500, waitMs: 50 },
  })
  async status(messages: readonly InboundOf<typeof ROBOT_MESSAGES.status>[]): Promise<void> {
    await this.registrar.record(messages, (tx) => storeStatuses(tx, messages));
  }
}
