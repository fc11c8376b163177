import { distanceM, type FloorPlan, nodeOf, shortestPath } from './floor-plan.js';

/** On the lane from one node to the next, `metres` past the first; at a node both are the same. */
export interface Place {
  readonly from: string;
  readonly to: string;
  readonly metres: number;
}

/** Where a robot is, and the nodes it still passes after `place.to`. */
export interface Drive {
  readonly place: Place;
  readonly path: readonly string[];
}

export interface Pose {
  readonly xM: number;
  readonly yM: number;
  /** Degrees counter-clockwise from east, 0 to 360; absent at a node, where a robot keeps its heading. */
  readonly headingDeg?: number;
}

export function parkedAt(node: string): Drive {
  return { place: { from: node, to: node, metres: 0 }, path: [] };
}

/** The node a place is exactly at, if any. */
export function nodeAt({ from, to }: Place): string | undefined {
  return from === to ? to : undefined;
}

/** The shortest way to `target`; a robot between two nodes may turn round. */
export function routeTo(plan: FloorPlan, { place }: Drive, target: string): Drive {
  const onward = place;
  const back = { from: place.to, to: place.from, metres: laneM(plan, place) - place.metres };
  const [ahead, behind] = [onward, back].map((start) => withPath(plan, start, target));
  if (ahead === undefined || behind === undefined) return { place, path: [] };
  return remainingM(plan, ahead) <= remainingM(plan, behind) ? ahead : behind;
}

function withPath(plan: FloorPlan, place: Place, target: string): Drive {
  return { place, path: shortestPath(plan, place.to, target).nodes.slice(1) };
}

/** Metres to the end of the path. */
export function remainingM(plan: FloorPlan, { place, path }: Drive): number {
  const nodes = [place.to, ...path];
  const later = path.reduce((sum, node, index) => sum + distanceM(plan, nodes[index] ?? node, node), 0);
  return laneM(plan, place) - place.metres + later;
}

/** Moves along the path by at most `metres`. */
export function advance(plan: FloorPlan, drive: Drive, metres: number): Drive {
  let { place, path } = drive;
  let leftM = metres;
  while (leftM > 0) {
    if (nodeAt(place) !== undefined) {
      const [next, ...rest] = path;
      if (next === undefined) break;
      place = { from: place.to, to: next, metres: 0 };
      path = rest;
    }
    const toNodeM = laneM(plan, place) - place.metres;
    place = leftM < toNodeM ? { ...place, metres: place.metres + leftM } : parkedAt(place.to).place;
    leftM -= toNodeM;
  }
  return { place, path };
}

export function poseOf(plan: FloorPlan, place: Place): Pose {
  const [from, to] = [nodeOf(plan, place.from), nodeOf(plan, place.to)];
  if (nodeAt(place) !== undefined) return { xM: to.xM, yM: to.yM };
  const share = place.metres / laneM(plan, place);
  const [dx, dy] = [to.xM - from.xM, to.yM - from.yM];
  const degrees = (Math.atan2(dy, dx) * 180) / Math.PI;
  return { xM: from.xM + dx * share, yM: from.yM + dy * share, headingDeg: (degrees + 360) % 360 };
}

function laneM(plan: FloorPlan, { from, to }: Place): number {
  return distanceM(plan, from, to);
}
