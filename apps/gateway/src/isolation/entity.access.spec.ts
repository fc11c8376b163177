import fc from 'fast-check';
import type { Principal } from '#libs/auth';
import { entityOf, requireOwnEntity, type Mentions } from './entity.access.js';

type Device = Pick<Principal, 'id' | 'scope'>;

const ORCHESTRATOR: Device = {
  id: 'orch-mall-a-001',
  scope: { role: 'orchestrator', entityId: 'mall-a', aliases: ['orch-001'] },
};
const BEACON: Device = { id: 'beacon-1', scope: { role: 'beacon', entityId: 'mall-a', aliases: [] } };
const STRAY: Device = { id: 'robot-1', scope: { role: 'robot', entityId: null, aliases: [] } };
const DENIED = expect.objectContaining({ code: 'ENTITY_ACCESS_DENIED' });

const mayPass = (device: Device, mentions: Mentions): boolean => {
  try {
    requireOwnEntity(device, mentions);
    return true;
  } catch (error) {
    expect(error).toEqual(DENIED);
    return false;
  }
};

describe('ORC-087 a device speaks of its own entity alone', () => {
  it.each<[string, Mentions]>([
    ['nothing', {}],
    [
      'its entity everywhere',
      { headers: { 'x-entity-id': 'mall-a' }, query: { entity_id: 'mall-a' }, body: { entity_id: 'mall-a' } },
    ],
    [
      'its assigned id',
      { headers: { 'x-orchestrator-id': 'orch-mall-a-001' }, body: { orchestrator_id: 'orch-mall-a-001' } },
    ],
    [
      'the id that it asked for',
      { headers: { 'x-orchestrator-id': 'orch-001' }, body: { orchestrator_id: 'orch-001' } },
    ],
    ['null', { body: { entity_id: null } }],
    ['a beacon of its own', { body: { beacon_id: 'beacon-9' } }],
  ])('may name %s', (_what, mentions) => {
    expect(mayPass(ORCHESTRATOR, mentions)).toBe(true);
  });

  it.each<[string, Mentions]>([
    ['another entity in the header', { headers: { 'x-entity-id': 'mall-b' } }],
    ['an empty header', { headers: { 'x-entity-id': '' } }],
    ['two entities in the header', { headers: { 'x-entity-id': 'mall-a, mall-b' } }],
    ['another entity in the query', { query: { entity_id: 'mall-b' } }],
    ['its own and another in the query', { query: { entity_id: ['mall-a', 'mall-b'] } }],
    ['another entity in the path', { params: { entityId: 'mall-b' } }],
    ['another entity in the body', { body: { entity_id: 'mall-b' } }],
    ['its own entity in a list', { body: { entity_id: ['mall-a'] } }],
    [
      'another entity in one item of a batch',
      { body: { items: [{ entity_id: 'mall-a' }, { body: { entity_id: 'mall-b' } }] } },
    ],
    ['another entity in a list', { body: [{ entity_id: 'mall-b' }] }],
    ['another orchestrator in the header', { headers: { 'x-orchestrator-id': 'orch-mall-b-001' } }],
    ['another orchestrator in the body', { body: { orchestrator_id: 'orch-002' } }],
  ])('may not name %s', (_what, mentions) => {
    expect(mayPass(ORCHESTRATOR, mentions)).toBe(false);
  });

  it('at whatever depth it is hidden', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'items', 0), { maxLength: 30 }), (path) => {
        const wrap = (inner: unknown): unknown =>
          path.reduceRight<unknown>((value, step) => (step === 0 ? [value] : { [step]: value }), inner);
        expect(mayPass(ORCHESTRATOR, { body: wrap({ entity_id: 'mall-a' }) })).toBe(true);
        expect(mayPass(ORCHESTRATOR, { body: wrap({ entity_id: 'mall-b' }) })).toBe(false);
      }),
    );
  });

  it('a beacon speaks of itself alone', () => {
    expect(mayPass(BEACON, { body: { beacon_id: 'beacon-1', entity_id: 'mall-a' } })).toBe(true);
    expect(mayPass(BEACON, { body: { logs: [{ beacon_id: 'beacon-2' }] } })).toBe(false);
    expect(mayPass(BEACON, { headers: { 'x-orchestrator-id': 'orch-mall-a-001' } })).toBe(true);
  });

  it('a device without an entity names none', () => {
    expect(mayPass(STRAY, {})).toBe(true);
    expect(mayPass(STRAY, { query: { entity_id: 'mall-a' } })).toBe(false);
    expect(() => entityOf(STRAY)).toThrow(DENIED);
  });

  it('people may name every entity', () => {
    expect(mayPass({ id: 'u-1' }, { query: { entity_id: 'mall-b' }, headers: { 'x-entity-id': 'mall-c' } })).toBe(true);
    expect(entityOf(ORCHESTRATOR)).toBe('mall-a');
  });
});
