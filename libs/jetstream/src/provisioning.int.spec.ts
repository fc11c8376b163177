import { jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { BUCKETS, CONSUMERS, STREAMS } from '#libs/contracts';
import { type OpenTestBroker, startOpenTestBroker } from '../../../test/support/broker.js';
import { BrokerConnection } from './connection.js';
import { provision, ProvisioningRefusedError } from './provisioning.js';

let server: OpenTestBroker;
let broker: BrokerConnection;

beforeEach(async () => {
  server = await startOpenTestBroker();
  broker = await BrokerConnection.open({ url: server.url, name: 'test', inboxPrefix: '_INBOX_test' });
});

afterEach(async () => {
  await broker.close();
  await server.stop();
});

it('ROB-017 creates every stream and one durable per flow, and nothing the second time', async () => {
  const wanted = Object.keys({ ...STREAMS, ...BUCKETS }).length + 2 * Object.keys(CONSUMERS).length;
  const first = await provision(broker, { replicas: 1 });
  expect(first.created).toHaveLength(wanted);
  const second = await provision(broker, { replicas: 1 });
  expect(second).toEqual({ created: [], updated: [], unchanged: wanted });
});

it('applies a change that leaves stored messages alone', async () => {
  await provision(broker, { replicas: 1 });
  const manager = await jetstreamManager(broker.nc);
  const { config } = await manager.streams.info('EVENTS');
  await manager.streams.update('EVENTS', { ...config, max_age: config.max_age / 2 });
  expect(await provision(broker, { replicas: 1 })).toMatchObject({ created: [], updated: ['stream EVENTS'] });
  expect((await manager.streams.info('EVENTS')).config.max_age).toBe(config.max_age);
});

it('refuses by name what cannot change in place, and changes nothing else', async () => {
  const manager = await jetstreamManager(broker.nc);
  await manager.streams.add({ name: 'EVENTS', subjects: ['events.>'], retention: RetentionPolicy.Interest });
  const failure = await provision(broker, { replicas: 1 }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ProvisioningRefusedError);
  expect(String(failure)).toMatch(/stream EVENTS\.retention: is "interest", wanted "limits"/);
  await expect(manager.streams.info('ROBOT_STATUS')).rejects.toThrow(/not found/);
});
