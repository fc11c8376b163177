import { MALL_HUB_EVENTS, orchestratorsAsyncApi } from './asyncapi.malls.js';
import { ROBOT_EVENTS, STREAM_EVENTS } from './events.js';
import { HUB_NAMESPACE, HUB_NOTICES } from './hub.js';
import { type MessageContract, ROBOT_MESSAGES } from './robots/messages.js';
import { STREAMS } from './streams.js';

type Json = Readonly<Record<string, unknown>>;

const ROBOT_ID_PARAMETER = { description: 'The robot: 1 to 64 letters, digits, "_" or "-".', examples: ['RB-001'] };
const HUB_EVENTS = [...Object.values(ROBOT_EVENTS).map(({ hub }) => hub), ...Object.values(STREAM_EVENTS)].sort();

/**
 * The AsyncAPI 3 document of what is no request: robots on NATS, the streams of orchestrators, the hub's events. Built from the same
 * declarations that check the messages.
 */
export function toAsyncApi(version: string): Json {
  const messages = Object.entries(ROBOT_MESSAGES);
  const malls = orchestratorsAsyncApi();
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Muster: robots, malls and live events',
      version,
      description:
        'Messages between robots and Muster over NATS JetStream, the event streams of orchestrators, and the live events of the Socket.IO hub.',
    },
    defaultContentType: 'application/json',
    servers: {
      nats: { host: 'localhost:4222', protocol: 'nats', description: 'JetStream; credentials per robot' },
      hub: { host: 'localhost:3000', pathname: HUB_NAMESPACE, protocol: 'ws', description: 'Socket.IO 4' },
      ...malls.servers,
    },
    channels: {
      ...Object.fromEntries(messages.map(([name, message]) => [name, channelOf(name, message)])),
      hub: hubChannel(),
      ...malls.channels,
    },
    operations: {
      ...Object.fromEntries(
        messages.map(([name, message]) => [operationName(name, message), operationOf(name, message)]),
      ),
      watchFleet: {
        action: 'send',
        channel: { $ref: '#/channels/hub' },
        summary: 'Events go to every socket that joined the group.',
      },
      ...malls.operations,
    },
    components: {
      messages: Object.fromEntries(messages.map(([name, message]) => [name, messageOf(name, message)])),
      schemas: Object.fromEntries(messages.map(([name, message]) => [name, plain(message.envelope)])),
    },
  };
}

function channelOf(name: string, { subject, stream, summary }: MessageContract): Json {
  return {
    address: subject,
    title: summary,
    description: `Stored in the stream ${stream}: ${STREAMS[stream].why}`,
    servers: [{ $ref: '#/servers/nats' }],
    parameters: { robotId: ROBOT_ID_PARAMETER },
    messages: { [name]: { $ref: `#/components/messages/${name}` } },
  };
}

function operationName(name: string, { direction }: MessageContract): string {
  return `${direction === 'robot-to-muster' ? 'receive' : 'send'}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** Seen from Muster: it receives what robots publish. */
function operationOf(name: string, { direction, summary }: MessageContract): Json {
  return {
    action: direction === 'robot-to-muster' ? 'receive' : 'send',
    channel: { $ref: `#/channels/${name}` },
    summary,
    messages: [{ $ref: `#/channels/${name}/messages/${name}` }],
  };
}

function messageOf(name: string, { type, summary, maxBytes, since }: MessageContract): Json {
  return {
    name: type,
    title: summary,
    summary: `Since ${since}. At most ${maxBytes} bytes. Nats-Msg-Id: <robotId>:${type}:<messageId>.`,
    contentType: 'application/json',
    payload: { $ref: `#/components/schemas/${name}` },
  };
}

function hubChannel(): Json {
  const names = [
    ...HUB_EVENTS.map((event) => [event, 'robotId'] as const),
    ...MALL_HUB_EVENTS.map((event) => [event, 'entity_id'] as const),
  ];
  return {
    address: HUB_NAMESPACE,
    title: 'Live events',
    description:
      'Join "fleet", "robot:{robotId}" or "entity:{entityId}"; every payload carries eventId, which resumes the stream anywhere.',
    servers: [{ $ref: '#/servers/hub' }],
    messages: {
      ...Object.fromEntries(names.map(([event, whose]) => [messageKey(event), hubMessage(event, [whose, 'eventId'])])),
      ...Object.fromEntries(Object.values(HUB_NOTICES).map((notice) => [messageKey(notice), hubMessage(notice, [])])),
    },
  };
}

const messageKey = (event: string): string => event.replaceAll('.', '_');

function hubMessage(event: string, required: readonly string[]): Json {
  const text = { type: 'string' };
  const properties = Object.fromEntries(required.map((name) => [name, text]));
  const eventId = { ...text, description: 'opaque cursor' };
  return { name: event, payload: { type: 'object', required, properties: { ...properties, eventId } } };
}

/** A schema without the marks that TypeBox keeps for itself. */
function plain(schema: object): unknown {
  return JSON.parse(JSON.stringify(schema));
}
