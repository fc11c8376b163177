import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { CommandAckEvent } from '#libs/contracts';
import { connectDataSource, migrateSchema } from '#libs/database';
import { type JetStreamPublisher, PublishFailedError } from '#libs/jetstream';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { AcceptRepository } from '../accepting/accept.repository.js';
import type { NewCommand } from '../ledger/command.entity.js';
import { AckIngest } from './ack.ingest.js';
import type { InboundAck } from './ack.reading.js';
import { toCommand } from '../accepting/command.acceptor.js';
import { toTerms } from '../ledger/command.policy.js';
import { CommandPublisher } from '../dispatch/command.publisher.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { Commands0001 } from '../migrations/0001-commands.js';

/** Remembers what was told, and fails when told to. */
class FakePublisher extends CommandPublisher {
  readonly acks: [string, CommandAckEvent][] = [];
  isAway = false;

  constructor() {
    super({} as JetStreamPublisher);
  }

  override async tellAck(event: CommandAckEvent, messageId: string): Promise<void> {
    if (this.isAway) throw new PublishFailedError('away');
    this.acks.push([messageId, event]);
  }
}

let database: TestDatabase;
let dataSource: DataSource;
let publisher: FakePublisher;
let ingest: AckIngest;
let sequence = 0;

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
  dataSource = await connectDataSource({ url: database.url, applicationName: 'spec', poolSize: 4 });
  await migrateSchema(dataSource, { schema: 'commands', migrations: [Commands0001] });
});
beforeEach(() => {
  publisher = new FakePublisher();
  ingest = new AckIngest(new LedgerRepository(dataSource), publisher);
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

async function accept(robotId = 'RB-1'): Promise<NewCommand> {
  const limits = { timeoutMs: 30_000, maxTimeoutMs: 30_000, responseTimeoutMs: 10_000, maxPayloadBytes: 1_000 };
  const terms = toTerms({ commandType: 'dock', payload: {} }, limits, new Date());
  const command = toCommand({ robotId, requester: { by: 'user:ada', userId: null } }, terms, 2_000);
  await new AcceptRepository(dataSource).insert([{ command, key: null }]);
  return command;
}

function ack(
  { robotId, commandId }: NewCommand,
  payload: InboundAck['envelope']['payload'],
  at = ++sequence,
): InboundAck {
  const envelope = {
    payloadVersion: 1,
    messageId: `m-${at}`,
    robotId,
    sentAt: '2026-01-01T00:00:00Z',
    correlationId: commandId,
    type: 'cmd.ack',
    payload,
  } as const;
  const position = { epochMs: 1, sequence: at };
  return { robotId, subject: 'x', position, receivedAt: new Date(1e12 + at), deliveries: 1, text: '', envelope };
}

const row = async ({ commandId }: NewCommand): Promise<Record<string, any>> =>
  (await dataSource.query('SELECT * FROM "commands"."robot_command_log" WHERE "commandId" = $1', [commandId]))[0];
const kinds = async ({ commandId }: NewCommand): Promise<string[]> => {
  const sql = 'SELECT "kind" FROM "commands"."command_timeline" WHERE "commandId" = $1 ORDER BY "ordinal"';
  return (await dataSource.query(sql, [commandId])).map(({ kind }: { kind: string }) => kind);
};

it('a batch in any order is applied in the order of the stream', async () => {
  const command = await accept();
  const acks = [
    ack(command, { status: 'accepted' }),
    ack(command, { status: 'progress', progress: 10 }),
    ack(command, { status: 'progress', progress: 90 }),
    ack(command, { status: 'done', result: 'r' }),
  ];
  await ingest.ingest(acks.toReversed());
  expect(await row(command)).toMatchObject({ status: 'COMPLETED', progress: 90, result: 'r' });
  expect(await kinds(command)).toEqual(['requested', 'acked', 'progress', 'progress', 'result']);
});

it('ROB-068 a death between the commit and the events tells them on redelivery, from what was stored', async () => {
  const command = await accept();
  const acks = [ack(command, { status: 'accepted' }), ack(command, { status: 'failed', error: { code: 7 } })];
  publisher.isAway = true;
  await expect(ingest.ingest(acks)).rejects.toThrow(PublishFailedError);
  expect(await row(command)).toMatchObject({ status: 'FAILED' });
  publisher.isAway = false;
  await ingest.ingest(acks);
  expect(await kinds(command)).toEqual(['requested', 'acked', 'result']);
  expect(
    publisher.acks.map(([messageId, { ack: word, status, applied, error }]) => [
      messageId,
      word,
      status,
      applied,
      error,
    ]),
  ).toEqual([
    [acks[0]!.envelope.messageId, 'ACCEPTED', 'ACKED', true, null],
    [acks[1]!.envelope.messageId, 'FAILED', 'FAILED', true, { code: 7 }],
  ]);
});

it('a redelivery of an old acknowledgement moves nothing back', async () => {
  const command = await accept();
  const [old, newer] = [
    ack(command, { status: 'progress', progress: 20 }),
    ack(command, { status: 'progress', progress: 60 }),
  ];
  await ingest.ingest([newer]);
  await ingest.ingest([old]);
  expect(await row(command)).toMatchObject({ progress: 60, lastAckAt: newer.receivedAt });
});

it('the same message id of two robots is two acknowledgements', async () => {
  const [one, other] = [await accept('RB-1'), await accept('RB-2')];
  await ingest.ingest([ack(one, { status: 'accepted' }, 1_000), ack(other, { status: 'accepted' }, 1_000)]);
  expect([(await row(one))['status'], (await row(other))['status']]).toEqual(['ACKED', 'ACKED']);
});

it('what can never be stored is refused for good, and changes nothing', async () => {
  const command = await accept();
  await expect(ingest.ingest([ack(command, { status: 'done', result: 'a\u0000b' })])).rejects.toMatchObject({
    reason: 'NOT_STORABLE',
  });
  expect(await row(command)).toMatchObject({ status: 'REQUESTED' });
});

it('two replicas at the same rows wait for each other and lose nothing', async () => {
  const commands = await Promise.all(Array.from({ length: 40 }, () => accept()));
  const accepts = commands.map((command) => ack(command, { status: 'accepted' }));
  const results = commands.map((command) => ack(command, { status: 'done' })).toReversed();
  const other = new AckIngest(new LedgerRepository(dataSource), new FakePublisher());
  await Promise.all([ingest.ingest(accepts), other.ingest(results)]);
  for (const command of commands) expect(await row(command)).toMatchObject({ status: 'COMPLETED' });
  expect(publisher.acks).toHaveLength(40);
});
