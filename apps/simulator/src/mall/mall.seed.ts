import type { Random } from '../world/random.js';

/** A mall's map to begin with, as the bulk import takes it. */
export interface MallSeed {
  readonly areas: readonly object[];
  readonly merchants: readonly object[];
  readonly connections: readonly object[];
  readonly beacons: readonly object[];
}

/** Where a simulated beacon hangs. */
export interface BeaconPlace {
  readonly deviceId: string;
  readonly recordId: string;
  readonly areaId: string;
  readonly x: number;
  readonly y: number;
}

const AREAS = 12;
const MERCHANTS = 24;
const CONNECTIONS = 8;
const FLOORS = 2;
const WIDTH_M = 240;
const DEPTH_M = 120;

const round = (metres: number): number => Math.round(metres * 10) / 10;

/** The same mall for the same id. */
export function beaconPlaces(entityId: string, count: number, random: Random): BeaconPlace[] {
  return Array.from({ length: count }, (_, n) => ({
    deviceId: Buffer.from(`${entityId}:${n}`).toString('hex').slice(-20).padStart(20, '0'),
    recordId: `beacon-${n + 1}`,
    areaId: `area-${(n % AREAS) + 1}`,
    x: round(random.between(0, WIDTH_M)),
    y: round(random.between(0, DEPTH_M)),
  }));
}

export function seedMall(places: readonly BeaconPlace[], random: Random): MallSeed {
  const many = (count: number, make: (n: number) => object): object[] =>
    Array.from({ length: count }, (_, n) => make(n + 1));
  return {
    areas: many(AREAS, (n) => ({
      id: `area-${n}`,
      name: `Area ${n}`,
      floor_type: 'level',
      floor_name: n % FLOORS,
      polygon: [
        [0, 0],
        [20, 0],
        [20, 20],
        [0, 20],
      ],
    })),
    merchants: many(MERCHANTS, (n) => ({
      id: `merchant-${n}`,
      name: `Shop ${n}`,
      area_id: `area-${(n % AREAS) + 1}`,
      style: n % 5 === 0 ? 'kiosk' : 'store',
      tags: random.happens(0.3) ? ['food'] : [],
    })),
    connections: many(CONNECTIONS, (n) => ({ id: `conn-${n}`, name: `Lift ${n}`, type: 'elevator' })),
    beacons: places.map(({ recordId, deviceId, areaId, x, y }) => ({
      id: recordId,
      name: `Gate ${recordId}`,
      type: 'security',
      device: 'esp32c3',
      device_id: deviceId,
      area_id: areaId,
      location: [x, y],
    })),
  };
}
