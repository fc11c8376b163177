import { problemsOfRecord } from './records.schema.js';

/** The samples of facts 4, one per collection, with integers where the real system has integers. */
const SAMPLES = {
  areas: {
    id: 12,
    name: 'A',
    beacon_code: 'a1',
    floor_type: 'level',
    floor_name: -1,
    polygon: [[0, 1], { x: 1, y: 2 }],
  },
  beacons: {
    area_id: 12,
    merchant_id: null,
    connection_id: 'c-1',
    type: 'security',
    location: [121.5, 31.2],
    device: 'esp32c3',
    mac: 'aa:bb:cc:dd:ee:ff',
  },
  connections: { type: 'rail', connected_areas: [['a-1', 1, 2, true]], available_period: [[0, 86_400]], tags: ['x'] },
  merchants: {
    type: { food: { cuisine: 'thai', type: 'restaurant' } },
    tags: [],
    opening_hours: [[[36_000, 79_200]], null],
    social_media: [{ platform: 'x' }],
    shoe_size: { any: 'thing' },
  },
} as const;

describe('known fields of records', () => {
  it.each(Object.entries(SAMPLES))('are right in the sample of %s', (collection, record) => {
    expect(problemsOfRecord(collection as keyof typeof SAMPLES, record)).toEqual([]);
  });

  it('are all optional', () => {
    expect(problemsOfRecord('areas', {})).toEqual([]);
  });

  it.each([
    ['areas', { name: 1 }, 'name'],
    [
      'areas',
      {
        polygon: [
          [0, 1],
          [0, 'x'],
        ],
      },
      'polygon[1][1]',
    ],
    ['areas', { floor_name: 1.5 }, 'floor_name'],
    ['beacons', { location: [1] }, 'location'],
    ['beacons', { mac: {} }, 'mac'],
    ['connections', { connected_areas: ['a'] }, 'connected_areas[0]'],
    ['merchants', { tags: ['a', 1] }, 'tags[1]'],
    ['merchants', { id: true }, 'id'],
  ] as const)('are refused in %s when they are %j, with the path %s', (collection, record, path) => {
    const [problem] = problemsOfRecord(collection, record);
    expect(problem?.field).toBe(path);
    expect(problem?.problems[0]).toMatch(/ must be .+, or null$/);
  });
});
