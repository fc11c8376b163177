// npm start: from a bare clone to a running platform. Plain Node: nothing is installed yet.
import { setUp } from './setup.mjs';

console.log('Muster');
try {
  setUp({ broker: !process.env.NATS_URL });
  const { start } = await import('../dist/scripts/start.js');
  await start();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
