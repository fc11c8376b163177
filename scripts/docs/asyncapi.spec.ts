import { Parser } from '@asyncapi/parser';
import { ROBOT_MESSAGES, toAsyncApi } from '#libs/contracts';

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
