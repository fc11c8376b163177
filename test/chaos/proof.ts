import pg from 'pg';
import type { TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';
import type { Caller } from './caller.js';
import { CHAOS_COMMAND, type Witness } from './witness.js';

/** One claim, over how many things it was checked, and how many broke it. */
export interface Finding {
  readonly claim: string;
  readonly checked: number;
  readonly broken: number;
}

const SETTLE_MS = 180_000;

/** Waits until everything has settled, then holds what robots and callers remember against what Muster stored. */
export async function check(platform: TestPlatform, witnesses: readonly Witness[], caller: Caller): Promise<Finding[]> {
  const database = new pg.Client({ connectionString: platform.databaseUrl });
  await database.connect();
  try {
    const wanted = witnesses.reduce((sum, { confirmed }) => sum + confirmed.size, 0);
    await waitFor(async () => (await countSamples(database)) >= wanted, SETTLE_MS).catch(() => undefined);
    await waitFor(async () => (await openCommands(database)) === 0, SETTLE_MS).catch(() => undefined);
    return [...(await telemetryFindings(database, witnesses)), ...(await commandFindings(database, witnesses, caller))];
  } finally {
    await database.end();
  }
}

/** Prints the proof and answers whether it holds. */
export function print(findings: readonly Finding[]): boolean {
  console.log('');
  for (const { claim, checked, broken } of findings) {
    console.log(
      `${broken === 0 && checked > 0 ? 'holds ' : 'BROKEN'}  ${claim}: ${checked.toLocaleString('en')} checked, ${broken} broken`,
    );
  }
  return findings.every(({ checked, broken }) => checked > 0 && broken === 0);
}

async function telemetryFindings(database: pg.Client, witnesses: readonly Witness[]): Promise<Finding[]> {
  const stored = await samplesByRobot(database);
  const missing = witnesses.flatMap(({ robotId, confirmed }) =>
    [...confirmed].filter((n) => !stored.get(robotId)?.has(n)),
  );
  const confirmed = witnesses.reduce((sum, witness) => sum + witness.confirmed.size, 0);
  const twice = [...stored.values()].flatMap((counts) => [...counts.values()].filter((count) => count > 1));
  return [
    { claim: 'every acknowledged sample is stored', checked: confirmed, broken: missing.length },
    { claim: 'no sample is stored twice', checked: confirmed, broken: twice.length },
  ];
}

async function commandFindings(database: pg.Client, witnesses: readonly Witness[], caller: Caller): Promise<Finding[]> {
  const status = await statusById(database);
  const accepted = [...caller.accepted.values()];
  const final = new Set(['COMPLETED', 'FAILED', 'TIMEOUT', 'CANCELLED']);
  const executions = new Map(witnesses.flatMap((witness) => [...witness.executions]));
  const completed = accepted.filter((id) => status.get(id) === 'COMPLETED');
  const deliveries = witnesses.flatMap((witness) => [...witness.deliveries.values()]);
  console.log(
    `\n${deliveries.filter((count) => count > 1).length} of ${deliveries.length} commands were delivered more than once`,
  );
  const byStatus = countBy(accepted.map((id) => status.get(id) ?? 'missing'));
  console.log(`final states: ${[...byStatus].map(([name, count]) => `${name} ${count}`).join(', ')}`);
  return [
    {
      claim: 'every accepted command is in the ledger',
      checked: accepted.length,
      broken: accepted.filter((id) => !status.has(id)).length,
    },
    {
      claim: 'every command is in a final state',
      checked: status.size,
      broken: [...status.values()].filter((s) => !final.has(s)).length,
    },
    {
      claim: 'every accepted command was completed',
      checked: accepted.length,
      broken: accepted.length - completed.length,
    },
    {
      claim: 'every completed command was executed',
      checked: completed.length,
      broken: completed.filter((id) => !executions.has(id)).length,
    },
    {
      claim: 'no command was executed twice',
      checked: executions.size,
      broken: [...executions.values()].filter((n) => n > 1).length,
    },
    {
      claim: 'no key made two commands',
      checked: caller.accepted.size,
      broken: caller.contradictions.length + (accepted.length - new Set(accepted).size),
    },
    {
      claim: 'nothing was executed that nobody asked for',
      checked: executions.size,
      broken: [...executions.keys()].filter((id) => !status.has(id)).length,
    },
  ];
}

function countBy(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

async function countSamples(database: pg.Client): Promise<number> {
  const { rows } = await database.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM telemetry.robot_telemetry_samples WHERE "robotId" LIKE 'CHAOS-%'`,
  );
  return rows[0]?.n ?? 0;
}

async function openCommands(database: pg.Client): Promise<number> {
  const { rows } = await database.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM commands.robot_command_log WHERE "status" IN ('REQUESTED', 'ACKED')`,
  );
  return rows[0]?.n ?? 0;
}

/** Robot → number → how often it is stored. */
async function samplesByRobot(database: pg.Client): Promise<Map<string, Map<number, number>>> {
  const { rows } = await database.query<{ robotId: string; n: number; count: number }>(
    `SELECT "robotId", ("payloadJson"->'payload'->>'n')::int AS n, count(*)::int AS count
       FROM telemetry.robot_telemetry_samples WHERE "robotId" LIKE 'CHAOS-%' GROUP BY 1, 2`,
  );
  const byRobot = new Map<string, Map<number, number>>();
  for (const { robotId, n, count } of rows) {
    const counts = byRobot.get(robotId) ?? new Map<number, number>();
    byRobot.set(robotId, counts.set(n, count));
  }
  return byRobot;
}

async function statusById(database: pg.Client): Promise<Map<string, string>> {
  const { rows } = await database.query<{ commandId: string; status: string }>(
    `SELECT "commandId", "status" FROM commands.robot_command_log WHERE "commandType" = $1`,
    [CHAOS_COMMAND],
  );
  return new Map(rows.map(({ commandId, status }) => [commandId, status]));
}
