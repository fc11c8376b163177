import { CONSUMERS, redriveConsumer, robotConsumers } from './consumers.js';
import { ERROR_CODES, MusterError, toErrorBody } from './errors.js';
import { hubEventOf, ROBOT_EVENTS } from './events.js';
import { parseGroup, robotGroup } from './hub.js';
import { isRobotId } from './identifiers.js';
import { ROBOT_MESSAGES } from './robots/messages.js';
import { POLICIES, satisfies } from './access/policies.js';
import { ROUTES } from './routes.js';
import { robotUser, SERVICE_USERS } from './service-users.js';
import { STREAMS } from './streams.js';
import { parseRobotEventSubject, ROBOT_SUBJECTS, robotEventSubject, robotSubject } from './subjects.js';

/** Whether a subject filter admits a subject, as the broker decides it. */
function admits(filter: string, subject: string): boolean {
  const want = filter.split('.');
  const have = subject.split('.');
  const tail = want.indexOf('>');
  if (tail >= 0 ? have.length <= tail : have.length !== want.length) return false;
  return want.every((token, i) => token === '>' || token === '*' || token === have[i]);
}

describe('subjects', () => {
  it('ROB-069 fills the documents’ subjects and refuses an id that is not one token', () => {
    expect(robotSubject(ROBOT_SUBJECTS.command, 'RB-001')).toBe('robots.cmd.RB-001');
    expect(robotSubject(ROBOT_SUBJECTS.settingsDesired, 'RB-001')).toBe('robots.settings.desired.RB-001');
    for (const id of ['a.b', '*', '>', 'a b', 'ack', 'desired', 'reported', '', 'ü', "'; drop", 'x'.repeat(65)]) {
      expect(isRobotId(id)).toBe(false);
      expect(() => robotSubject(ROBOT_SUBJECTS.command, id)).toThrow(MusterError);
    }
  });

  it('carries an event’s robot and name there and back', () => {
    const subject = robotEventSubject('RB-001', ROBOT_EVENTS.commandAck.event);
    expect(parseRobotEventSubject(subject)).toEqual({ robotId: 'RB-001', event: 'command.ack' });
    expect(parseRobotEventSubject('events.lockers.L1.opened')).toBeUndefined();
    expect(hubEventOf('command.ack')).toBe('robot.command.ack');
  });

  it('stores every message in exactly one stream', () => {
    for (const message of Object.values(ROBOT_MESSAGES)) {
      const subject = robotSubject(message.subject, 'RB-001');
      const homes = Object.entries(STREAMS).filter(([, stream]) =>
        stream.subjects.some((filter) => admits(filter, subject)),
      );
      expect(homes.map(([name]) => name)).toEqual([message.stream]);
    }
  });

  it('gives every robot durables that no other robot’s can be', () => {
    const names = ['a', 'a_settings', 'settings_a'].flatMap((id) =>
      Object.values(robotConsumers(id)).map((c) => c.durable),
    );
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('broker rights', () => {
  it('lets no service create or delete streams', () => {
    for (const user of Object.values(SERVICE_USERS)) {
      // Files are dropped by purging their chunks, and what a deleted entity was told by purging its subject.
      const forbidden = /^\$JS\.API\.STREAM\.(?:CREATE|UPDATE|DELETE|PURGE(?!\.(?:OBJ_|ORCHESTRATOR_EVENTS$)))/;
      for (const filter of user.publish) expect(filter).not.toMatch(forbidden);
    }
  });

  it('lets a robot speak for itself alone', () => {
    const user = robotUser('RB-001', robotConsumers('RB-001'));
    const foreign = Object.values(ROBOT_SUBJECTS).map((template) => robotSubject(template, 'RB-002'));
    for (const subject of foreign) expect(user.publish.some((filter) => admits(filter, subject))).toBe(false);
    for (const subject of foreign) expect(user.subscribe.some((filter) => admits(filter, subject))).toBe(false);
    expect(user.publish.some((filter) => admits(filter, 'robots.cmd.RB-001'))).toBe(false);
    expect(user.publish.some((filter) => admits(filter, 'rpc.robots.list'))).toBe(false);
  });

  it('lets a service work off its own durables and their re-driven messages', () => {
    for (const consumer of [CONSUMERS.telemetryIngest, redriveConsumer(CONSUMERS.telemetryIngest)]) {
      const pull = `$JS.API.CONSUMER.MSG.NEXT.${consumer.stream}.${consumer.durable}`;
      expect(SERVICE_USERS.telemetry.publish.some((filter) => admits(filter, pull))).toBe(true);
      expect(SERVICE_USERS.robots.publish.some((filter) => admits(filter, pull))).toBe(false);
    }
  });
});

describe('policies', () => {
  it('ROB-014 defines Viewer and Operator once', () => {
    expect(POLICIES.Viewer).toEqual(['viewer', 'operator', 'admin']);
    expect(POLICIES.Operator).toEqual(['operator', 'admin']);
    expect(satisfies('Viewer', ['driver', 'restaurant', 'mobile'])).toBe(false);
    expect(satisfies('Operator', ['viewer'])).toBe(false);
    expect(satisfies('Admin', ['operator'])).toBe(false);
    expect(satisfies('Viewer', [])).toBe(false);
    expect(satisfies('Public', [])).toBe(true);
    expect(satisfies('LastToken', [])).toBe(true);
  });
});

describe('routes and errors', () => {
  it('names every route once', () => {
    const keys = Object.values(ROUTES).map(({ method, path }) => `${method} ${path}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('gives every error code a status of the HTTP error range and an advice', () => {
    for (const { status, advice } of Object.values(ERROR_CODES)) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
      expect(advice.length).toBeGreaterThan(10);
    }
  });

  it('renders the documents’ error body', () => {
    const body = toErrorBody(new MusterError('ROBOT_NOT_FOUND', 'No robot RB-9.', { robotId: 'RB-9' }), 'req-1');
    expect(body.error).toMatchObject({ code: 'ROBOT_NOT_FOUND', details: { robotId: 'RB-9' }, request_id: 'req-1' });
    expect(Date.parse(body.error.timestamp)).not.toBeNaN();
  });
});

describe('hub groups', () => {
  it('ROB-055 ROB-056 knows fleet and one group per robot', () => {
    expect(parseGroup('fleet')).toEqual({ kind: 'fleet' });
    expect(parseGroup(robotGroup('RB-001'))).toEqual({ kind: 'robot', robotId: 'RB-001' });
    for (const name of ['robot:*', 'robot:', 'robot:a.b', 'fleet ', 'robots:RB-1', 5, null, undefined, {}, ['fleet']]) {
      expect(parseGroup(name)).toBeUndefined();
    }
  });
});
