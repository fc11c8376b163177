import fc from 'fast-check';
import { recordChecksum } from '#libs/contracts';
import { type ChangeStamp, planChanges, type RecordChange } from './record.changes.js';
import { type StoredRecord, toStoredRecord } from './record.wire.js';

const THEN = '2026-01-08T10:00:00.000Z';
const STAMP: ChangeStamp = { seq: 41, changedAt: '2026-01-08T10:30:00.000Z' };
const present = new Map<string, StoredRecord>([
  ['areas/a', toStoredRecord('a', { name: 'A', n: 1 }, { createdAt: THEN, updatedAt: THEN })],
]);
const put = (id: string, fields: object): RecordChange => ({
  kind: 'put',
  collection: 'areas',
  id,
  fields: { ...fields },
});
const drop = (id: string): RecordChange => ({ kind: 'delete', collection: 'areas', id });

describe('changes of records', () => {
  it('ORC-032 are numbered from the last one on, and tell what was done', () => {
    const { outcomes, versions } = planChanges(present, [put('b', {}), put('a', { n: 2 }), drop('a')], STAMP);
    expect(outcomes.map(({ result }) => result)).toEqual(['created', 'updated', 'deleted']);
    expect(versions).toMatchObject([
      { id: 'b', fromSeq: 42, toSeq: null, operation: 'create' },
      { id: 'a', fromSeq: 43, toSeq: 44, operation: 'update', record: { n: 2, created_at: THEN } },
      { id: 'a', fromSeq: 44, toSeq: null, operation: 'delete' },
    ]);
    expect(versions[2]).not.toHaveProperty('record');
  });

  it('keep when a record was made, and seal it with its checksum', () => {
    const [version] = planChanges(present, [put('a', { n: 2 })], STAMP).versions;
    expect(version?.record).toEqual({
      id: 'a',
      n: 2,
      created_at: THEN,
      updated_at: STAMP.changedAt,
      checksum: recordChecksum(version?.record ?? {}),
    });
  });

  it('are none when the record is the same, whatever the order of its fields and what the server wrote', () => {
    const same = { n: 1, name: 'A', id: 'a', created_at: 'x', updated_at: 'y', checksum: 'z' };
    const { outcomes, versions } = planChanges(present, [put('a', same)], STAMP);
    expect(outcomes).toMatchObject([{ result: 'unchanged', record: { id: 'a', updated_at: THEN } }]);
    expect(versions).toEqual([]);
  });

  it('refuse to create what is there and to delete what is not', () => {
    const create: RecordChange = { kind: 'create', collection: 'areas', id: 'a', fields: { n: 9 } };
    const { outcomes, versions } = planChanges(present, [create, drop('z')], STAMP);
    expect(outcomes).toEqual([{ result: 'exists' }, { result: 'missing' }]);
    expect(versions).toEqual([]);
  });

  it('make a record anew after its deletion, with a new beginning', () => {
    const { versions } = planChanges(present, [drop('a'), put('a', { n: 1 })], STAMP);
    expect(versions[1]).toMatchObject({ operation: 'create', record: { created_at: STAMP.changedAt } });
  });

  it('leave exactly one open version of each record that was touched, and no gap between numbers', () => {
    const change = fc.oneof(
      fc
        .record({ id: fc.constantFrom('a', 'b', 'c'), n: fc.integer({ min: 0, max: 2 }) })
        .map(({ id, n }) => put(id, { n })),
      fc.constantFrom('a', 'b', 'c').map(drop),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const { versions, outcomes } = planChanges(present, changes, STAMP);
        expect(outcomes).toHaveLength(changes.length);
        expect(versions.map(({ fromSeq }) => fromSeq)).toEqual(versions.map((_, index) => 42 + index));
        for (const id of new Set(versions.map((version) => version.id))) {
          const chain = versions.filter((version) => version.id === id);
          expect(chain.map(({ toSeq }) => toSeq)).toEqual([...chain.slice(1).map(({ fromSeq }) => fromSeq), null]);
        }
      }),
    );
  });
});
