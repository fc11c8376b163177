import { register } from 'prom-client';
import { COMMANDS_REQUESTS } from '#libs/contracts';
import { CommandsUnderTest } from '../../../../test/support/commands-service.js';
import { waitFor } from '../../../../test/support/wait.js';
import { newCommandId } from '../ledger/command.id.js';
import { OpenCommandsMetrics } from '../open-commands.metrics.js';
import { RetentionRepository } from './retention.repository.js';
import { RetentionSweeper } from './retention.sweeper.js';

const DAY_MS = 86_400_000;
const NOW = new Date();

let service: CommandsUnderTest;

beforeAll(async () => {
  service = await CommandsUnderTest.start({ COMMAND_RETENTION_DAYS: '30' });
});
afterAll(() => service.stop());
beforeEach(() =>
  service.query('TRUNCATE "commands"."robot_command_log", "commands"."command_timeline", "commands"."command_batches"'),
);

interface Row {
  readonly ageDays: number;
  readonly status?: string;
  readonly dueAt?: Date | null;
  readonly batchId?: string | null;
}

const requestedAt = (ageDays: number): Date => new Date(NOW.getTime() - ageDays * DAY_MS);

/** A command with a timeline of two, as it was left some days ago. */
async function insert({ ageDays, status = 'COMPLETED', dueAt = null, batchId = null }: Row): Promise<string> {
  const at = requestedAt(ageDays);
  const commandId = newCommandId(at.getTime());
  await service.query(
    `INSERT INTO "commands"."robot_command_log"
       ("commandId", "robotId", "commandType", "payloadJson", "requestedAt", "status", "requestedBy", "expiresAt",
        "timeoutMs", "responseTimeoutMs", "maxRetries", "retryDelayMs", "dueAt", "deadlineAt", "batchId")
     VALUES ($1, 'RB-OLD', 'dock', '{}', $2, $3, 'user:ada', $2, 1, 1, 0, 1, $4, $2, $5)`,
    [commandId, at, status, dueAt, batchId],
  );
  await service.query(
    `INSERT INTO "commands"."command_timeline" ("commandId", "dedupeKey", "at", "kind", "by")
     SELECT $1, kind, $2, kind, 'user:ada' FROM unnest(ARRAY['requested', 'sent']) kind`,
    [commandId, at],
  );
  return commandId;
}

async function insertBatch(ageDays: number): Promise<string> {
  const batchId = newCommandId(requestedAt(ageDays).getTime());
  await service.query(
    `INSERT INTO "commands"."command_batches"
       ("batchId", "commandType", "requestedBy", "requestedAt", "total", "refusals")
     VALUES ($1, 'dock', 'user:ada', $2, 1, '[]')`,
    [batchId, requestedAt(ageDays)],
  );
  return batchId;
}

const idsIn = async (table: string, column = 'commandId'): Promise<string[]> =>
  (await service.query(`SELECT DISTINCT "${column}" AS id FROM "commands"."${table}" ORDER BY 1`)).map(
    ({ id }) => id as string,
  );

it('forgets commands that are over and older than COMMAND_RETENTION_DAYS, with their timelines', async () => {
  for (const status of ['COMPLETED', 'FAILED', 'TIMEOUT', 'CANCELLED']) await insert({ ageDays: 31, status });
  const kept = [
    await insert({ ageDays: 40, status: 'ACKED', dueAt: new Date(NOW.getTime() + DAY_MS) }),
    await insert({ ageDays: 35, status: 'REQUESTED', dueAt: new Date(NOW.getTime() + DAY_MS) }),
    await insert({ ageDays: 32, status: 'CANCELLED', dueAt: new Date(NOW.getTime() + DAY_MS) }),
    await insert({ ageDays: 29 }),
  ];
  expect(await service.get(RetentionSweeper).prune(NOW)).toBe(false);
  expect(await idsIn('robot_command_log')).toEqual(kept);
  expect(await idsIn('command_timeline')).toEqual(kept);
});

it('forgets a batch once its last command is forgotten', async () => {
  const [old, half, young] = [await insertBatch(31), await insertBatch(31), await insertBatch(1)];
  await insert({ ageDays: 31, batchId: old });
  await insert({ ageDays: 31, batchId: half });
  await insert({ ageDays: 31, batchId: half, status: 'ACKED', dueAt: new Date(NOW.getTime() + DAY_MS) });
  await service.get(RetentionSweeper).prune(NOW);
  expect(await idsIn('command_batches', 'batchId')).toEqual([half, young]);
});

it('goes page by page, oldest first, and replicas forget each command once', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 30; n++) ids.push(await insert({ ageDays: 60 - n }));
  const retention = service.get(RetentionRepository);
  expect(await retention.pruneCommands(requestedAt(30), 10)).toBe(10);
  expect(await idsIn('robot_command_log')).toEqual(ids.slice(10));
  const counts = await Promise.all(Array.from({ length: 4 }, () => retention.pruneCommands(requestedAt(30), 8)));
  expect(counts.reduce((sum, count) => sum + count)).toBe(20);
  expect(await idsIn('command_timeline')).toEqual([]);
});

it('commands that are not over are counted by status', async () => {
  const dueAt = new Date(NOW.getTime() + DAY_MS);
  await insert({ ageDays: 1 });
  for (const status of ['REQUESTED', 'REQUESTED', 'ACKED']) await insert({ ageDays: 1, status, dueAt });
  await service.get(OpenCommandsMetrics).refresh();
  const { values } = (await register.getSingleMetric('muster_commands_open')?.get()) ?? { values: [] };
  expect(values).toEqual([
    { labels: { status: 'REQUESTED' }, value: 2 },
    { labels: { status: 'ACKED' }, value: 1 },
  ]);
});

it('an answer to a command that is forgotten harms nobody', async () => {
  await service.enrol('RB-OLD');
  const forgotten = await insert({ ageDays: 31 });
  await service.get(RetentionSweeper).prune(NOW);
  await service.ack('RB-OLD', forgotten, { status: 'COMPLETED' });
  await service.acksSettled();
  await expect(service.ask(COMMANDS_REQUESTS.get, { commandId: forgotten })).rejects.toMatchObject({
    code: 'COMMAND_NOT_FOUND',
  });
  expect(await idsIn('command_timeline')).toEqual([]);
  const commandId = await service.send('RB-OLD');
  await waitFor(async () => (await service.kindsOf(commandId)).includes('sent'));
});
