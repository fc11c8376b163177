import pg from 'pg';
import { createTestDatabase } from './database.js';

it('gives each caller an empty database of its own', async () => {
  const [one, other] = [await createTestDatabase(), await createTestDatabase()];
  expect(one.name).not.toBe(other.name);
  const client = new pg.Client({ connectionString: one.url });
  await client.connect();
  expect((await client.query('SELECT current_database() AS name')).rows).toEqual([{ name: one.name }]);
  await client.end();
  await Promise.all([one.drop(), other.drop()]);
});
