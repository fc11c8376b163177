import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { auditTime, type Subscription } from 'rxjs';
import { ORCHESTRATORS_REQUESTS } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { Ticker } from '#libs/platform';
import { OrchestratorEventsSettings } from './orchestrator-events.settings.js';
import { OrchestratorSessions, type UntoldContact } from './orchestrator.sessions.js';

const BATCH = 1_000;
/** Hundreds close together when a network fails. */
const TOGETHER_MS = 100;

/** Tells the service now and then, in few words for all, what reached which orchestrator (decision C11). */
@Injectable()
export class ContactReporter implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker: Ticker;
  private noteworthy: Subscription | undefined;
  private toldUpToMs = 0;
  private pending: readonly UntoldContact[] = [];

  constructor(
    private readonly sessions: OrchestratorSessions,
    private readonly rpc: RpcClient,
    settings: OrchestratorEventsSettings,
  ) {
    this.ticker = new Ticker('OrchestratorContacts', settings.contactMs, () => this.report());
  }

  onApplicationBootstrap(): void {
    this.ticker.start();
    this.noteworthy = this.sessions.noteworthy$.pipe(auditTime(TOGETHER_MS)).subscribe(() => this.ticker.kick());
  }

  async onModuleDestroy(): Promise<void> {
    this.noteworthy?.unsubscribe();
    await this.ticker.stop();
    await this.report().catch(() => false);
  }

  private async report(): Promise<boolean> {
    const nowMs = Date.now();
    this.pending = newestOf([...this.pending, ...this.sessions.takeContacts(this.toldUpToMs)]);
    this.toldUpToMs = nowMs;
    while (this.pending.length > 0) {
      const contacts = this.pending.slice(0, BATCH).map(toContact);
      await this.rpc.ask(ORCHESTRATORS_REQUESTS.contacts, { contacts });
      this.pending = this.pending.slice(BATCH);
    }
    return false;
  }
}

function newestOf(contacts: readonly UntoldContact[]): readonly UntoldContact[] {
  return [...new Map(contacts.map((contact) => [contact.orchestratorId, contact])).values()];
}

function toContact({ orchestratorId, eventId, atMs }: UntoldContact) {
  return { assigned_id: orchestratorId, event_id: eventId, at: new Date(atMs).toISOString() };
}
