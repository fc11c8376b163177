import { Parser } from '@asyncapi/parser';
import {
  MALL_EVENTS,
  ORCHESTRATOR_EVENTS,
  ORCHESTRATOR_NOTICES,
  ROBOT_MESSAGES,
  ROUTES,
  SOCKET_PATHS,
  toAsyncApi,
} from '#libs/contracts';

it('describes every message in an AsyncAPI 3 document that a parser accepts', async () => {
  const { document, diagnostics } = await new Parser().parse(JSON.stringify(toAsyncApi('0.1.0')));
  expect(
    diagnostics.filter(({ severity }) => severity === 0).map(({ message, path }) => `${path.join('.')}: ${message}`),
  ).toEqual([]);
  const addresses = document
    ?.channels()
    .all()
    .map((channel) => channel.address());
  for (const { subject } of Object.values(ROBOT_MESSAGES)) expect(addresses).toContain(subject);
});

it('describes every event of an orchestrator at both of its doors, and every event of a mall on the hub', async () => {
  const { document } = await new Parser().parse(JSON.stringify(toAsyncApi('0.1.0')));
  const namesAt = (address: string) =>
    document
      ?.channels()
      .all()
      .find((channel) => channel.address() === address)
      ?.messages()
      .all()
      .map((message) => message.name());
  const events = [...ORCHESTRATOR_EVENTS, ...Object.values(ORCHESTRATOR_NOTICES)].toSorted();
  expect(namesAt(ROUTES.orchestratorsEvents.path)?.toSorted()).toEqual(events);
  expect(namesAt(SOCKET_PATHS.orchestrators)?.toSorted()).toEqual(events);
  expect(namesAt('/hubs/robots')).toEqual(expect.arrayContaining(Object.values(MALL_EVENTS).map(({ hub }) => hub)));
});
