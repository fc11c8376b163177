import { Injectable, Logger } from '@nestjs/common';
import { STREAMS } from '#libs/contracts';
import { MicroBatch } from '#libs/database';
import type { RobotCommand } from '../ledger/command.entity.js';
import { nextAttemptAt, retryAt } from '../ledger/command.schedule.js';
import { isFinal } from '../ledger/command.state.js';
import { CommandPublisher, messageIdOf, type Publishable } from './command.publisher.js';
import { CommandStream } from './command.stream.js';
import type { Applied, LedgerCommand, LedgerFact } from '../ledger/ledger.page.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { dispatches } from '../commands.metrics.js';
import { RecentDispatches } from './recent.dispatches.js';

/** After this the broker may have forgotten the id of a publish that nobody recorded. */
const REMEMBERED_MS = STREAMS.ROBOT_COMMANDS.duplicateWindowMs * 0.75;
/** A publish that is under way is over by then. */
const IN_FLIGHT_MS = 10_000;

/**
 * Brings commands to the stream and takes them back. Every step may be repeated, by any replica, after a crash at any line:
 * the message id makes a repeated publish the same message, and where the broker may have forgotten it the stream is read.
 */
@Injectable()
export class CommandDispatcher {
  private readonly logger = new Logger('Dispatcher');
  /** Keyed by command id. */
  private readonly underWay = new Map<string, Promise<void>>();
  private readonly marks = new MicroBatch<LedgerFact, Applied>({
    name: 'commands_sent',
    // Nobody waits for the mark; the sweeper looks much later.
    maxWaitMs: 50,
    maxConcurrency: 1,
    run: (facts) => this.ledger.apply(facts),
  });

  constructor(
    private readonly ledger: LedgerRepository,
    private readonly publisher: CommandPublisher,
    private readonly stream: CommandStream,
    private readonly recent: RecentDispatches,
  ) {}

  /** Whether the broker is there to publish to. */
  get isReachable(): boolean {
    return this.stream.isReachable;
  }

  /** Publishes a command that was stored just now. A failure is not the caller's: the sweeper does it again. */
  dispatch(command: Publishable): void {
    const work = this.publish(command, 1).catch((error: unknown) => {
      dispatches.inc({ outcome: 'left_to_sweeper' });
      this.logger.debug({ event: 'dispatch_failed', commandId: command.commandId, error });
    });
    this.underWay.set(
      command.commandId,
      work.finally(() => this.underWay.delete(command.commandId)),
    );
  }

  /** Publishes the next attempt of a command that is due: the first one, or a retry in place of the copy before it. */
  async publishDue(command: RobotCommand, now: Date): Promise<void> {
    const slow = this.underWay.get(command.commandId);
    if (slow) return this.lookAgainAfter(slow, command);
    const attempt = command.attempts + 1;
    const eligibleAt = retryAt(command) ?? command.requestedAt;
    if (now.getTime() - eligibleAt.getTime() > REMEMBERED_MS) {
      const copies = await this.stream.find(command.robotId, command.commandId, command.requestedAt);
      const found = copies.find(({ messageId }) => messageId === messageIdOf(command.commandId, attempt));
      if (found) return this.mark(command, { attempt, sequence: found.sequence, at: eligibleAt });
    }
    const { publishedSequence } = command;
    if (publishedSequence !== null) await this.stream.remove(command.commandId, publishedSequence);
    await this.publish(command, attempt);
  }

  /** Takes back whatever the stream holds of a command. */
  async withdraw(command: LedgerCommand, now: Date): Promise<void> {
    await this.removeKnown(command);
    if (!mayHaveUnrecordedCopy(command, now)) return;
    for (const { sequence } of await this.stream.find(command.robotId, command.commandId, command.requestedAt)) {
      await this.takeBack(command, sequence);
    }
  }

  /**
   * Ends the work on a command that became final just now: tells of it when the ledger itself ended it, and takes back the
   * copy that is known. Where there may be one that nobody recorded the command stays due, and the sweeper looks for it.
   */
  async settle(command: LedgerCommand, now: Date): Promise<void> {
    await this.tellEnd(command, now);
    await this.removeKnown(command);
    if (!mayHaveUnrecordedCopy(command, now)) await this.ledger.reschedule([command], () => null);
  }

  /** Ends the work on a final command that is due, whatever a crash left of it; until this succeeds it stays due. */
  async settleDue(command: LedgerCommand, now: Date): Promise<void> {
    await this.tellEnd(command, now);
    await this.withdraw(command, now);
    const certainAt = new Date((command.completedAt ?? now).getTime() + IN_FLIGHT_MS);
    const done = now > certainAt || !mayHaveUnrecordedCopy(command, now);
    await this.ledger.reschedule([command], () => (done ? null : certainAt));
  }

  /** Waits for what is under way. Call it when nothing new can come. */
  async close(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay.values());
    await this.marks.close();
  }

  /** A repeat now would be dropped by the stream, but heard by a robot that listens without its durable. */
  private async lookAgainAfter(underWay: Promise<void>, command: RobotCommand): Promise<void> {
    await underWay;
    await this.ledger.reschedule([command], () => new Date());
  }

  private async removeKnown(command: LedgerCommand): Promise<void> {
    if (command.publishedSequence !== null) await this.takeBack(command, command.publishedSequence);
  }

  /**
   * nats-server 2.9 loses track of a subject's newest message when that one is deleted, and passes over the one that is
   * left in the end: an absent robot would never get it. A message stored after them sets the broker right, so the newest
   * command that still waits is stored anew.
   */
  private async takeBack({ commandId, robotId }: LedgerCommand, sequence: number): Promise<void> {
    if (!(await this.stream.remove(commandId, sequence)) || (await this.stream.knowsNewest(robotId))) return;
    const waiting = await this.ledger.newestWaiting(robotId, { beside: commandId, now: new Date() });
    if (!waiting || waiting.publishedSequence === null) return;
    await this.publish(waiting, waiting.attempts + 1);
    await this.stream.remove(waiting.commandId, waiting.publishedSequence);
  }

  private async tellEnd(command: LedgerCommand, now: Date): Promise<void> {
    const { commandId, robotId, commandType, status, reason, completedAt } = command;
    if (status !== 'TIMEOUT' && status !== 'CANCELLED') return;
    const at = (completedAt ?? now).toISOString();
    await this.publisher.tellUpdated({ robotId, commandId, commandType, status, reason, at });
  }

  private async publish(command: Publishable, attempt: number): Promise<void> {
    const at = new Date();
    const { sequence } = await this.publisher.send(command, attempt);
    dispatches.inc({ outcome: attempt === 1 ? 'sent' : 'retried' });
    this.recent.add(command.robotId, sequence, command.commandId);
    await this.mark(command, { attempt, sequence, at });
  }

  private async mark(
    { commandId }: Pick<Publishable, 'commandId'>,
    sent: { attempt: number; sequence: number; at: Date },
  ): Promise<void> {
    const applied = await this.marks.add({
      commandId,
      dedupeKey: `sent:${String(sent.attempt)}`,
      fact: { type: 'sent', ...sent },
    });
    if (applied.outcome === 'unknown' || !isFinal(applied.command.status)) return;
    // It became final while it was on its way.
    if (applied.command.dueAt !== null) await this.settle(applied.command, new Date());
  }
}

/** Whether a publish may have reached the stream without being recorded: its process died, or it is still under way. */
function mayHaveUnrecordedCopy(command: LedgerCommand, now: Date): boolean {
  if (command.attempts === 0) return true;
  const retry = nextAttemptAt(command);
  return retry !== null && retry <= (command.completedAt ?? now);
}
