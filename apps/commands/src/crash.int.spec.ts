import { jetstreamManager } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { CommandUpdatedEvent } from '#libs/contracts';
import { connectDataSource, migrateSchema } from '#libs/database';
import { BrokerConnection, JetStreamPublisher, provision, PublishFailedError, type Stored } from '#libs/jetstream';
import { type OpenTestBroker, startOpenTestBroker } from '../../../test/support/broker.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { waitFor } from '../../../test/support/wait.js';
import { AcceptRepository } from './accepting/accept.repository.js';
import type { NewCommand } from './ledger/command.entity.js';
import { AckWatermark } from './dispatch/ack.watermark.js';
import { toCommand } from './accepting/command.acceptor.js';
import { CommandDispatcher } from './dispatch/command.dispatcher.js';
import { type CommandLimits, toTerms } from './ledger/command.policy.js';
import { CommandPublisher, type Publishable } from './dispatch/command.publisher.js';
import { type Copy, CommandStream } from './dispatch/command.stream.js';
import { CommandSweeper } from './dispatch/command.sweeper.js';
import { CommandsSettings } from './commands.settings.js';
import type { Applied, LedgerFact } from './ledger/ledger.page.js';
import { LedgerRepository } from './ledger/ledger.repository.js';
import { Commands0001 } from './migrations/0001-commands.js';
import { RecentDispatches } from './dispatch/recent.dispatches.js';

const limits: CommandLimits = { timeoutMs: 30_000, maxTimeoutMs: 9e9, responseTimeoutMs: 10_000, maxPayloadBytes: 999 };
const GRACE_MS = 2_000;
const settings = new CommandsSettings({});

type Line = 'before publish' | 'after publish' | 'before tell';

/** Dies at one line, once. */
class DyingPublisher extends CommandPublisher {
  dieAt: Line | undefined;

  override async send(command: Publishable, attempt: number): Promise<Stored> {
    this.reach('before publish');
    const stored = await super.send(command, attempt);
    this.reach('after publish');
    return stored;
  }

  override async tellUpdated(event: CommandUpdatedEvent): Promise<void> {
    this.reach('before tell');
    await super.tellUpdated(event);
  }

  private reach(line: Line): void {
    if (this.dieAt !== line) return;
    this.dieAt = undefined;
    throw new PublishFailedError(`died ${line}`);
  }
}

class DyingLedger extends LedgerRepository {
  dieOn: string | undefined;

  override apply(facts: readonly LedgerFact[]): Promise<readonly Applied[]> {
    if (facts.some(({ fact }) => fact.type === this.dieOn)) return Promise.reject(new Error('died before the mark'));
    return super.apply(facts);
  }
}

let server: OpenTestBroker;
let broker: BrokerConnection;
let publisher: JetStreamPublisher;
let database: TestDatabase;
let dataSource: DataSource;
let robotNumber = 0;

beforeAll(async () => {
  Logger.overrideLogger(false);
  [server, database] = await Promise.all([startOpenTestBroker(), createTestDatabase()]);
  broker = await BrokerConnection.open({ url: server.url, name: 'test', inboxPrefix: '_INBOX_test' });
  publisher = new JetStreamPublisher(broker);
  await provision(broker, { replicas: 1 });
  dataSource = await connectDataSource({ url: database.url, applicationName: 'spec', poolSize: 8 });
  await migrateSchema(dataSource, { schema: 'commands', migrations: [Commands0001] });
});
beforeEach(() => dataSource.query('TRUNCATE "commands"."robot_command_log", "commands"."command_timeline"'));
afterAll(async () => {
  publisher.close();
  await broker.close();
  await dataSource.destroy();
  await server.stop();
  await database.drop();
});

/** One process' worth of the parts that may die. */
function replica() {
  const dying = new DyingPublisher(publisher);
  const ledger = new DyingLedger(dataSource);
  const stream = new CommandStream(broker);
  const dispatcher = new CommandDispatcher(ledger, dying, stream, new RecentDispatches());
  const sweeper = new CommandSweeper(ledger, dispatcher, new AckWatermark(broker, settings), settings);
  return { publisher: dying, ledger, stream, dispatcher, sweeper };
}

/** A command that was stored just now. */
async function accept(request: object = {}): Promise<NewCommand> {
  const terms = toTerms({ commandType: 'dock', payload: {}, ...request }, limits, new Date());
  const requester = { by: 'user:ada', userId: null };
  const command = toCommand({ robotId: `RB-${robotNumber++}`, requester }, terms, GRACE_MS);
  await new AcceptRepository(dataSource).insert([{ command, key: null }]);
  return command;
}

const after = (ms: number): Date => new Date(Date.now() + ms);
const row = async ({ commandId }: NewCommand): Promise<Record<string, any>> =>
  (await dataSource.query('SELECT * FROM "commands"."robot_command_log" WHERE "commandId" = $1', [commandId]))[0];
const copies = ({ robotId, commandId, requestedAt }: NewCommand): Promise<readonly Copy[]> =>
  new CommandStream(broker).find(robotId, commandId, requestedAt);
const updatesOf = async ({ robotId }: NewCommand): Promise<number> => {
  const subject = `events.robots.${robotId}.command.updated`;
  const { state } = await (await jetstreamManager(broker.nc)).streams.info('EVENTS', { subjects_filter: subject });
  return state.subjects?.[subject] ?? 0;
};
const cancel = ({ commandId }: NewCommand): Promise<readonly Applied[]> =>
  new LedgerRepository(dataSource).apply([
    { commandId, dedupeKey: 'cancelled', fact: { type: 'cancel', at: new Date(), by: 'user:ada' } },
  ]);

describe('a process that dies', () => {
  it('after the commit and before the publish: another one publishes', async () => {
    const command = await accept();
    const { sweeper } = replica();
    await sweeper.sweep(after(GRACE_MS - 500));
    expect(await copies(command)).toHaveLength(0);
    await sweeper.sweep(after(GRACE_MS));
    expect(await copies(command)).toEqual([{ sequence: expect.any(Number), messageId: command.commandId }]);
    expect(await row(command)).toMatchObject({ attempts: 1, status: 'REQUESTED' });
  });

  it('after the publish and before the mark: the repeat is the same message', async () => {
    const command = await accept();
    const dying = replica();
    dying.publisher.dieAt = 'after publish';
    dying.dispatcher.dispatch(command);
    await dying.dispatcher.close();
    expect(await row(command)).toMatchObject({ attempts: 0, publishedSequence: null });
    const [copy] = await copies(command);
    await replica().sweeper.sweep(after(GRACE_MS));
    expect(await copies(command)).toEqual([copy]);
    expect(await row(command)).toMatchObject({ attempts: 1, publishedSequence: copy?.sequence });
  });

  it('within the mark: the repeat is the same message', async () => {
    const command = await accept();
    const dying = replica();
    dying.ledger.dieOn = 'sent';
    dying.dispatcher.dispatch(command);
    await dying.dispatcher.close();
    await replica().sweeper.sweep(after(GRACE_MS));
    expect(await copies(command)).toHaveLength(1);
    expect(await row(command)).toMatchObject({ attempts: 1 });
  });

  it('and stays dead until the broker has forgotten the id: the copy is found by reading the stream', async () => {
    const manager = await jetstreamManager(broker.nc);
    await manager.streams.update('ROBOT_COMMANDS', { duplicate_window: nanos(200) });
    const command = await accept({ timeoutMs: 600_000 });
    const dying = replica();
    dying.publisher.dieAt = 'after publish';
    dying.dispatcher.dispatch(command);
    await dying.dispatcher.close();
    const [copy] = await copies(command);
    const probe = () => publisher.publish('robots.cmd.RB-PROBE', '{}', { messageId: 'probe' });
    await probe();
    await waitFor(async () => !(await probe()).duplicate);
    await replica().sweeper.sweep(after(200_000));
    expect(await copies(command)).toEqual([copy]);
    expect(await row(command)).toMatchObject({ attempts: 1, publishedSequence: copy?.sequence });
    await manager.streams.update('ROBOT_COMMANDS', { duplicate_window: nanos(120_000) });
  });

  it('after the publish of a command that is cancelled then: the copy is found and taken back', async () => {
    const command = await accept();
    const dying = replica();
    dying.publisher.dieAt = 'after publish';
    dying.dispatcher.dispatch(command);
    await dying.dispatcher.close();
    await cancel(command);
    const { sweeper } = replica();
    await sweeper.sweep(after(1));
    expect(await copies(command)).toHaveLength(0);
    expect(await updatesOf(command)).toBe(1);
    expect((await row(command))['dueAt']).not.toBeNull();
    await sweeper.sweep(after(11_000));
    expect((await row(command))['dueAt']).toBeNull();
  });

  it('after the time-out and before it is told: the message is gone already, and another one tells it', async () => {
    const command = await accept({ timeoutMs: 1_000 });
    const dying = replica();
    dying.dispatcher.dispatch(command);
    await dying.dispatcher.close();
    dying.publisher.dieAt = 'before tell';
    await dying.sweeper.sweep(after(1_000));
    expect(await row(command)).toMatchObject({ status: 'TIMEOUT', dueAt: expect.any(Date) });
    expect([(await copies(command)).length, await updatesOf(command)]).toEqual([0, 0]);
    await replica().sweeper.sweep(after(2_000));
    expect([(await copies(command)).length, await updatesOf(command)]).toEqual([0, 1]);
    expect((await row(command))['dueAt']).toBeNull();
  });

  it('with a page of the sweeper in hand: its lease runs out and another one goes on', async () => {
    const command = await accept();
    const now = after(GRACE_MS);
    const claim = { now, leaseUntil: after(GRACE_MS + 15_000), limit: 500, onlyExpired: false };
    expect(await new LedgerRepository(dataSource).claimDue(claim)).toHaveLength(1);
    const { sweeper } = replica();
    await sweeper.sweep(now);
    expect(await copies(command)).toHaveLength(0);
    await sweeper.sweep(after(GRACE_MS + 15_000));
    expect(await copies(command)).toHaveLength(1);
  });
});

describe('cancel while the publish is under way', () => {
  it('takes the message back as soon as it has arrived', async () => {
    const command = await accept();
    const { dispatcher } = replica();
    dispatcher.dispatch(command);
    await cancel(command);
    await dispatcher.close();
    expect(await copies(command)).toHaveLength(0);
    expect(await row(command)).toMatchObject({ status: 'CANCELLED', attempts: 1, dueAt: null });
  });
});

describe('retries', () => {
  const policy = { timeoutMs: 600_000, retryPolicy: { maxRetries: 2, retryDelayMs: 5_000 } };

  it('go out with the same command id while the robot is silent, one copy at a time, and then no more', async () => {
    const command = await accept(policy);
    const { dispatcher, sweeper } = replica();
    dispatcher.dispatch(command);
    await waitFor(async () => (await row(command))['attempts'] === 1);
    const seen = [await copies(command)];
    const { sweeper: other } = replica();
    for (const ms of [14_000, 15_500, 15_600, 31_500, 31_600, 60_000]) {
      await Promise.all([sweeper.sweep(after(ms)), other.sweep(after(ms))]);
      seen.push(await copies(command));
      await dataSource.query(
        `UPDATE "commands"."robot_command_log" SET "lastSentAt" = "requestedAt" + ("attempts" - 1) * interval '15 s'`,
      );
    }
    const { commandId } = command;
    expect(seen.map((found) => found.map(({ messageId }) => messageId))).toEqual(
      [
        commandId,
        commandId,
        `${commandId}:2`,
        `${commandId}:2`,
        `${commandId}:3`,
        `${commandId}:3`,
        `${commandId}:3`,
      ].map((messageId) => [messageId]),
    );
    expect(await row(command)).toMatchObject({ attempts: 3, status: 'REQUESTED' });
  });

  it('a retry that nobody recorded is not sent again', async () => {
    const command = await accept(policy);
    const dying = replica();
    dying.dispatcher.dispatch(command);
    await waitFor(async () => (await row(command))['attempts'] === 1);
    dying.publisher.dieAt = 'after publish';
    await dying.sweeper.sweep(after(15_500));
    expect(await row(command)).toMatchObject({ attempts: 1 });
    const before = await copies(command);
    await replica().sweeper.sweep(after(31_000));
    expect(await row(command)).toMatchObject({ attempts: 2 });
    expect(before).toEqual([{ sequence: expect.any(Number), messageId: `${command.commandId}:2` }]);
    expect(await copies(command)).toEqual(before);
  });

  it('a retry that nobody recorded is found when the command ends', async () => {
    const command = await accept(policy);
    const dying = replica();
    dying.dispatcher.dispatch(command);
    await waitFor(async () => (await row(command))['attempts'] === 1);
    dying.publisher.dieAt = 'after publish';
    await dying.sweeper.sweep(after(15_500));
    await replica().sweeper.sweep(after(600_000));
    await replica().sweeper.sweep(after(620_000));
    expect(await row(command)).toMatchObject({ status: 'TIMEOUT' });
    expect(await copies(command)).toHaveLength(0);
  });
});

describe('two replicas', () => {
  it('share what is due and do nothing twice', async () => {
    const commands = await Promise.all(Array.from({ length: 300 }, () => accept({ timeoutMs: 5_000 })));
    const sweepers = [replica().sweeper, replica().sweeper];
    await Promise.all(sweepers.map((sweeper) => sweeper.sweep(after(GRACE_MS))));
    const sent = await dataSource.query(
      `SELECT FROM "commands"."command_timeline" WHERE "kind" IN ('sent', 'retried')`,
    );
    expect(sent).toHaveLength(300);
    for (const command of commands.slice(0, 20)) expect(await copies(command)).toHaveLength(1);
    await Promise.all(sweepers.map((sweeper) => sweeper.sweep(after(5_000))));
    const open = await dataSource.query(`SELECT FROM "commands"."robot_command_log" WHERE "status" <> 'TIMEOUT'`);
    expect(open).toHaveLength(0);
    for (const command of commands.slice(0, 20))
      expect([(await copies(command)).length, await updatesOf(command)]).toEqual([0, 1]);
  });
});

describe('a broker that is away', () => {
  it('loses no accepted command, delays none past its deadline, and never delivers what expired', async () => {
    const { dispatcher, sweeper } = replica();
    const lasting = await accept({ timeoutMs: 60_000 });
    const brief = await accept({ timeoutMs: 3_000 });
    await server.kill();
    await waitFor(() => !broker.isConnected);
    for (const command of [lasting, brief]) dispatcher.dispatch(command);
    await sweeper.sweep(after(2_500));
    await sweeper.sweep(after(3_500));
    expect(await row(brief)).toMatchObject({ status: 'TIMEOUT', reason: 'not_published' });
    expect(await row(lasting)).toMatchObject({ status: 'REQUESTED', attempts: 0 });
    await server.restart();
    await waitFor(() => broker.isConnected);
    await sweeper.sweep(after(4_000));
    expect(await copies(lasting)).toHaveLength(1);
    expect(await copies(brief)).toHaveLength(0);
    expect(await updatesOf(brief)).toBe(1);
  });
});
