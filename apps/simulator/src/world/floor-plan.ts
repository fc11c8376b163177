import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import hall from './floor-plan.json' with { type: 'json' };

const NodeId = Type.String({ minLength: 1, maxLength: 64 });

const PlanFile = Type.Object({
  mapId: NodeId,
  nodes: Type.Array(
    Type.Object({
      id: NodeId,
      kind: Type.Union([Type.Literal('station'), Type.Literal('dock'), Type.Literal('junction')]),
      xM: Type.Number(),
      yM: Type.Number(),
    }),
  ),
  lanes: Type.Array(Type.Tuple([NodeId, NodeId])),
});

type PlanFile = Static<typeof PlanFile>;
export type PlanNode = PlanFile['nodes'][number];
export type NodeIds = readonly [string, ...string[]];

/** The lanes of a building as a graph; every node can be reached from every other. Metres, x to the east, y to the north. */
export interface FloorPlan {
  readonly mapId: string;
  /** Keyed by node id. */
  readonly nodes: ReadonlyMap<string, PlanNode>;
  /** Node id → the nodes one lane away. */
  readonly neighbours: ReadonlyMap<string, readonly string[]>;
  readonly stations: NodeIds;
  readonly docks: NodeIds;
}

const planFile = Compile(PlanFile);

/** Checks a floor plan's JSON. @throws Error that lists everything wrong with it. */
export function parseFloorPlan(value: unknown): FloorPlan {
  if (!planFile.Check(value)) {
    const problems = planFile.Errors(value).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
    throw new Error(`The floor plan is not valid: ${problems.join('; ')}.`);
  }
  const problems = contradictionsOf(value);
  if (problems.length > 0) throw new Error(`The floor plan is not valid: ${problems.join('; ')}.`);
  const [stations, docks] = [idsOf(value, 'station'), idsOf(value, 'dock')];
  if (!isFilled(stations) || !isFilled(docks)) {
    throw new Error('The floor plan is not valid: it needs at least one station and one dock.');
  }
  const nodes = new Map(value.nodes.map((node) => [node.id, node]));
  return { mapId: value.mapId, nodes, neighbours: neighboursOf(value), stations, docks };
}

/** The plan that comes with the simulator. */
export const defaultFloorPlan = (): FloorPlan => parseFloorPlan(hall);

export function nodeOf(plan: FloorPlan, id: string): PlanNode {
  const node = plan.nodes.get(id);
  if (node === undefined) throw new Error(`The floor plan has no "${id}".`);
  return node;
}

export function distanceM(plan: FloorPlan, a: string, b: string): number {
  const [from, to] = [nodeOf(plan, a), nodeOf(plan, b)];
  return Math.hypot(to.xM - from.xM, to.yM - from.yM);
}

export interface Path {
  /** Nodes to pass, the first one included. */
  readonly nodes: readonly string[];
  readonly lengthM: number;
}

/** The shortest way along the lanes (Dijkstra). */
export function shortestPath(plan: FloorPlan, from: string, to: string): Path {
  const best = new Map<string, Path>([[from, { nodes: [from], lengthM: 0 }]]);
  const open = new Set([from]);
  for (let current = nearest(open, best); current !== undefined; current = nearest(open, best)) {
    const path = best.get(current);
    if (path === undefined || current === to) break;
    open.delete(current);
    for (const next of plan.neighbours.get(current) ?? []) {
      const lengthM = path.lengthM + distanceM(plan, current, next);
      if (lengthM >= (best.get(next)?.lengthM ?? Infinity)) continue;
      best.set(next, { nodes: [...path.nodes, next], lengthM });
      open.add(next);
    }
  }
  const found = best.get(to);
  if (found === undefined) throw new Error(`No lane leads from "${from}" to "${to}".`);
  return found;
}

function nearest(open: ReadonlySet<string>, best: ReadonlyMap<string, Path>): string | undefined {
  const lengthOf = (id: string): number => best.get(id)?.lengthM ?? Infinity;
  return [...open].reduce<string | undefined>(
    (least, id) => (least === undefined || lengthOf(id) < lengthOf(least) ? id : least),
    undefined,
  );
}

function contradictionsOf({ nodes, lanes }: PlanFile): string[] {
  const known = new Set(nodes.map((node) => node.id));
  const problems = lanes.flat().flatMap((id) => (known.has(id) ? [] : [`a lane names the unknown node "${id}"`]));
  if (known.size < nodes.length) problems.push('two nodes have the same id');
  const places = new Set(nodes.map(({ xM, yM }) => `${xM} ${yM}`));
  if (places.size < nodes.length) problems.push('two nodes are at the same place');
  const reached = reachableFrom(nodes[0]?.id ?? '', lanes);
  const lost = nodes.filter((node) => !reached.has(node.id)).map((node) => node.id);
  if (lost.length > 0) problems.push(`no lane leads to ${lost.join(', ')}`);
  return problems;
}

function reachableFrom(start: string, lanes: PlanFile['lanes']): ReadonlySet<string> {
  const reached = new Set([start]);
  for (let before = 0; before < reached.size;) {
    before = reached.size;
    const touched = lanes.filter((lane) => lane.some((end) => reached.has(end)));
    for (const end of touched.flat()) reached.add(end);
  }
  return reached;
}

function neighboursOf({ nodes, lanes }: PlanFile): ReadonlyMap<string, readonly string[]> {
  const ends = (id: string): string[] => lanes.filter((lane) => lane.includes(id)).map(([a, b]) => (a === id ? b : a));
  return new Map(nodes.map(({ id }) => [id, ends(id)]));
}

function idsOf({ nodes }: PlanFile, kind: PlanNode['kind']): string[] {
  return nodes.filter((node) => node.kind === kind).map((node) => node.id);
}

function isFilled(ids: readonly string[]): ids is NodeIds {
  return ids.length > 0;
}
