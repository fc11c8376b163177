import type { TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';
import type { ChaosOrchestrator, Follower } from './malls-orchestrator.js';
import type { Accepted, People } from './malls-people.js';
import { type KeptEvent, readStream } from './malls-stream.js';
import type { Finding } from './proof.js';

const SETTLE_MS = 180_000;

export interface Watchers {
  readonly orchestrators: readonly ChaosOrchestrator[];
  readonly followers: readonly Follower[];
  readonly people: People;
}

/** Waits until everything has settled, then holds what people and orchestrators remember against the stream. */
export async function checkMalls(platform: TestPlatform, watchers: Watchers): Promise<Finding[]> {
  const { orchestrators, followers, people } = watchers;
  await settle(async () => missingIn(await readStream(platform), people) === 0);
  const kept = await readStream(platform);
  await settle(() =>
    orchestrators.every((one) => one.client.received.durable.length >= (kept.get(one.entityId) ?? []).length),
  );
  await settle(async () => (await staleOf(followers)) === 0);
  const reconnects = orchestrators.reduce((sum, { client }) => sum + client.connections, 0);
  console.log(`\n${orchestrators.length} orchestrators connected ${reconnects} times`);
  return [
    ...streamFindings(kept, orchestrators),
    ...factFindings(kept, people),
    { claim: 'no key made two tasks', checked: countOf(people, 'tasks'), broken: people.contradictions.length },
    {
      claim: 'who follows by deltas ends at the server’s checksum',
      checked: followers.length,
      broken: await staleOf(followers),
    },
  ];
}

const settle = (condition: () => boolean | Promise<boolean>): Promise<unknown> =>
  waitFor(condition, SETTLE_MS).catch(() => undefined);

async function staleOf(followers: readonly Follower[]): Promise<number> {
  const same = await Promise.all(followers.map((follower) => follower.isSame().catch(() => false)));
  return same.filter((isSame) => !isSame).length;
}

/** A hole, a repeat and a wrong order each break the one claim that matters; they are told apart to find the cause. */
function streamFindings(
  kept: ReadonlyMap<string, readonly KeptEvent[]>,
  orchestrators: readonly ChaosOrchestrator[],
): Finding[] {
  const lists = orchestrators.map(({ entityId, client }) => ({
    wanted: (kept.get(entityId) ?? []).map(({ id }) => id),
    ids: client.received.ids,
    resyncs: client.received.named('resync_required').length,
  }));
  const received = lists.reduce((sum, { ids }) => sum + ids.length, 0);
  const sum = (count: (list: (typeof lists)[number]) => number): number =>
    lists.reduce((total, list) => total + count(list), 0);
  return [
    {
      claim: 'every orchestrator has exactly the list of its stream',
      checked: lists.length,
      broken: sum(({ wanted, ids }) => (wanted.join() === ids.join() ? 0 : 1)),
    },
    {
      claim: 'no event is missing',
      checked: received,
      broken: sum(({ wanted, ids }) => missing(wanted, ids)),
    },
    { claim: 'no event came twice', checked: received, broken: sum(({ ids }) => ids.length - new Set(ids).size) },
    {
      claim: 'no orchestrator had to read everything anew',
      checked: lists.length,
      broken: sum(({ resyncs }) => resyncs),
    },
  ];
}

function missing(wanted: readonly string[], ids: readonly string[]): number {
  const had = new Set(ids);
  return wanted.filter((id) => !had.has(id)).length;
}

/** How often each accepted thing is told in its entity's stream. */
function factFindings(kept: ReadonlyMap<string, readonly KeptEvent[]>, people: People): Finding[] {
  const told = [...people.accepted].map(([entityId, accepted]) => toldOf(kept.get(entityId) ?? [], accepted));
  const areas = told.flatMap((one) => one.areas);
  const tasks = told.flatMap((one) => one.tasks);
  const configurations = told.flatMap((one) => one.configurations);
  const notOnce = (counts: readonly number[]): number => counts.filter((count) => count !== 1).length;
  return [
    { claim: 'every accepted change is in exactly one data_update', checked: areas.length, broken: notOnce(areas) },
    { claim: 'every accepted task has exactly one task_create', checked: tasks.length, broken: notOnce(tasks) },
    {
      claim: 'every accepted configuration has exactly one config_update',
      checked: configurations.length,
      broken: notOnce(configurations),
    },
    {
      claim: 'versions of configurations rise one by one',
      checked: told.length,
      broken: told.filter(({ isRising }) => !isRising).length,
    },
    {
      claim: 'every task that is told was accepted',
      checked: tasks.length,
      broken: told.reduce((sum, { strangers }) => sum + strangers, 0),
    },
  ];
}

interface Told {
  readonly areas: readonly number[];
  readonly tasks: readonly number[];
  readonly configurations: readonly number[];
  readonly isRising: boolean;
  /** Tasks that nobody remembers to have ordered. */
  readonly strangers: number;
}

function toldOf(events: readonly KeptEvent[], { areas, tasks, configurations }: Accepted): Told {
  const named = (name: string): readonly any[] => events.filter(({ event }) => event === name).map(({ data }) => data);
  const areaCounts = countsOf(named('data_update').flatMap(({ changes }) => changes.areas));
  const taskCounts = countsOf(named('task_create').map(({ task_id }) => task_id));
  const sent = named('config_update');
  const sentCounts = countsOf(sent.map(({ config }) => config.n));
  const known = new Set(tasks.values());
  return {
    areas: [...areas].map((id) => areaCounts.get(id) ?? 0),
    tasks: [...known].map((id) => taskCounts.get(id) ?? 0),
    configurations: [...configurations].map((n) => sentCounts.get(n) ?? 0),
    isRising: sent.every(({ version }, index) => version === index + 1),
    strangers: [...taskCounts.keys()].filter((id) => !known.has(String(id))).length,
  };
}

function countsOf(things: readonly unknown[]): Map<unknown, number> {
  const counts = new Map<unknown, number>();
  for (const thing of things) counts.set(thing, (counts.get(thing) ?? 0) + 1);
  return counts;
}

function missingIn(kept: ReadonlyMap<string, readonly KeptEvent[]>, people: People): number {
  const told = [...people.accepted].map(([entityId, accepted]) => toldOf(kept.get(entityId) ?? [], accepted));
  return told
    .flatMap(({ areas, tasks, configurations }) => [...areas, ...tasks, ...configurations])
    .filter((n) => n === 0).length;
}

function countOf(people: People, what: 'tasks' | 'areas'): number {
  return [...people.accepted.values()].reduce((sum, accepted) => sum + accepted[what].size, 0);
}
