import { Controller } from '@nestjs/common';
import { CONSUMERS, PermanentMessageError, ROBOT_MESSAGES } from '#libs/contracts';
import { isDataError } from '#libs/database';
import { Ingest } from '#libs/jetstream';
import { ackEventOf } from './ack.events.js';
import { commandIdOf, type InboundAck, toAckFact } from './ack.reading.js';
import { CommandPublisher } from '../dispatch/command.publisher.js';
import { acknowledgements } from '../commands.metrics.js';
import type { Applied, LedgerFact } from '../ledger/ledger.page.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';

interface Told extends LedgerFact {
  readonly messageId: string;
}

/** What robots say about their commands → ledger, then → whoever watches. */
@Controller()
export class AckIngest {
  constructor(
    private readonly ledger: LedgerRepository,
    private readonly publisher: CommandPublisher,
  ) {}

  @Ingest({
    consumer: CONSUMERS.commandAckIngest,
    message: ROBOT_MESSAGES.commandAck,
    concurrency: 1,
    batch: { size: 500, waitMs: 0 },
  })
  async ingest(acks: readonly InboundAck[]): Promise<void> {
    const told = toFacts(acks);
    const outcomes = await this.ledger.apply(told).catch((error: unknown) => {
      throw isDataError(error) ? notStorable(error) : error;
    });
    await Promise.all(outcomes.map((applied, index) => this.tell(applied, told[index]?.messageId ?? '')));
  }

  private async tell(applied: Applied, messageId: string): Promise<void> {
    acknowledgements.inc({ outcome: applied.outcome });
    if (applied.outcome === 'unknown' || applied.outcome === 'void') return;
    const event = ackEventOf(applied.command, applied.entry);
    if (event) await this.publisher.tellAck(event, messageId);
  }
}

/** In the order in which the broker stored them, whatever the order in which they came. */
function toFacts(acks: readonly InboundAck[]): Told[] {
  const sorted = acks.toSorted(
    ({ position: one }, { position: other }) => one.epochMs - other.epochMs || one.sequence - other.sequence,
  );
  return sorted.flatMap((ack) => {
    const fact = toAckFact(ack);
    const commandId = commandIdOf(ack);
    const { messageId } = ack.envelope;
    if (commandId !== undefined) return [{ commandId, messageId, dedupeKey: `ack:${messageId}`, fact }];
    acknowledgements.inc({ outcome: 'unknown' });
    return [];
  });
}

function notStorable(cause: unknown): PermanentMessageError {
  return new PermanentMessageError('NOT_STORABLE', 'The acknowledgement holds a value that cannot be stored.', {
    cause,
  });
}
