import { unnest } from './unnest.js';

describe('unnest', () => {
  it('turns rows into one array per column', () => {
    const rows = [
      { id: 'a', level: 1 },
      { id: 'b', level: undefined },
    ];
    const columns = {
      robotId: { type: 'text' as const, value: (row: { id: string }) => row.id },
      level: { type: 'int4' as const, value: (row: { level: number | undefined }) => row.level },
    };
    expect(unnest(rows, columns)).toEqual({
      sql: 'unnest($1::text[], $2::int4[]) AS r("robotId", "level")',
      parameters: [
        ['a', 'b'],
        [1, null],
      ],
    });
    expect(unnest(rows, columns, 3).sql).toContain('$3::text[], $4::int4[]');
  });

  it('refuses a name that is no column', () => {
    const column = { type: 'text' as const, value: () => '' };
    expect(() => unnest([], { 'a"b': column })).toThrow('no column name');
  });
});
