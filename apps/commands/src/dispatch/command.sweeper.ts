import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Ticker } from '#libs/platform';
import { AckWatermark } from './ack.watermark.js';
import { CommandDispatcher } from './command.dispatcher.js';
import type { RobotCommand } from '../ledger/command.entity.js';
import { type DueStep, dueStep, nextDueAt } from '../ledger/command.schedule.js';
import { swept } from '../commands.metrics.js';
import { CommandsSettings } from '../commands.settings.js';
import type { LedgerCommand } from '../ledger/ledger.page.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';

const PAGE = 500;
const CONCURRENCY = 32;
/** Longer than any step may take; a replica that dies leaves its page to the others after this. */
const LEASE_MS = 15_000;
const RETRY_MS = 500;

/**
 * Does what is due: publishes what was accepted but not published, retries, ends what is overdue, and cleans up after what
 * is final. Replicas share the work; a step that fails or dies half way is done again.
 */
@Injectable()
export class CommandSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Sweeper');
  private readonly ticker: Ticker;

  constructor(
    private readonly ledger: LedgerRepository,
    private readonly dispatcher: CommandDispatcher,
    private readonly watermark: AckWatermark,
    settings: CommandsSettings,
  ) {
    this.ticker = new Ticker('Sweeper', settings.sweepIntervalMs, () => this.sweep());
  }

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  /** Works off one page of what is due at `now`; answers whether there may be more. */
  async sweep(now = new Date()): Promise<boolean> {
    const leaseUntil = new Date(now.getTime() + LEASE_MS);
    const onlyExpired = !this.dispatcher.isReachable;
    const due = await this.ledger.claimDue({ now, leaseUntil, limit: PAGE, onlyExpired });
    if (due.length === 0) return false;
    const steps = stepsOf(due, now);
    await this.ledger.reschedule(steps.wait, nextDueAt);
    await this.expire(steps.expire, now);
    await this.each(steps.publish, (command) => this.dispatcher.publishDue(command, now));
    await this.each(steps.settle, (command) => this.dispatcher.settleDue(command, now));
    return due.length === PAGE;
  }

  /**
   * Takes expired messages back first, so that whoever reads TIMEOUT finds them gone, and calls the time-out as soon as no
   * answer can be waiting in the stream.
   */
  private async expire(commands: readonly LedgerCommand[], now: Date): Promise<void> {
    if (commands.length === 0) return;
    await this.watermark.refresh(now).catch((error: unknown) => {
      this.logger.warn({ event: 'watermark_not_read', error });
    });
    if (this.dispatcher.isReachable) await this.each(commands, (command) => this.dispatcher.withdraw(command, now));
    const mayEnd = (command: LedgerCommand): boolean =>
      command.attempts === 0 || this.watermark.hasPassed(command.deadlineAt, now);
    const held = commands.filter((command) => !mayEnd(command));
    await this.ledger.reschedule(held, () => new Date(now.getTime() + RETRY_MS));
    await this.end(commands.filter(mayEnd), now);
  }

  private async end(commands: readonly LedgerCommand[], now: Date): Promise<void> {
    const facts = commands.map(({ commandId }) => ({
      commandId,
      dedupeKey: 'timeout',
      fact: { type: 'timeout', at: now } as const,
    }));
    const outcomes = await this.ledger.apply(facts);
    const ended = outcomes.flatMap((one) => (one.outcome === 'recorded' ? [one.command] : []));
    const spared = outcomes.flatMap((one) => (one.outcome === 'void' ? [one.command] : []));
    await this.ledger.reschedule(spared, nextDueAt);
    if (this.dispatcher.isReachable) await this.each(ended, (command) => this.dispatcher.settle(command, now));
  }

  /** One failure is that command's alone: it becomes due again soon. */
  private async each<C extends LedgerCommand>(
    commands: readonly C[],
    work: (command: C) => Promise<unknown>,
  ): Promise<void> {
    const failed: C[] = [];
    for (let start = 0; start < commands.length; start += CONCURRENCY) {
      const chunk = commands.slice(start, start + CONCURRENCY);
      const outcomes = await Promise.allSettled(chunk.map((command) => work(command)));
      for (const [index, outcome] of outcomes.entries()) {
        const command = chunk[index];
        if (outcome.status === 'fulfilled' || !command) continue;
        failed.push(command);
        const { commandId } = command;
        this.logger.warn({ event: 'sweep_step_failed', commandId, error: String(outcome.reason) });
      }
    }
    await this.ledger.reschedule(failed, () => new Date(Date.now() + RETRY_MS));
  }
}

function stepsOf(due: readonly RobotCommand[], now: Date): Record<DueStep, RobotCommand[]> {
  const steps: Record<DueStep, RobotCommand[]> = { settle: [], expire: [], publish: [], wait: [] };
  for (const command of due) {
    const step = dueStep(command, now);
    steps[step].push(command);
    swept.inc({ step });
  }
  return steps;
}
