import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { PermanentMessageError, ROBOT_EVENTS, robotEventSubject } from '#libs/contracts';
import { isDataError } from '#libs/database';
import type { Arrival } from '#libs/jetstream';
import { IntroductionSweeper } from '../introductions/introduction.sweeper.js';
import { enqueue } from '../robots.outbox.js';
import { Outbox } from '#libs/outbox';
import { onlineAfter, presenceEvent } from '../presence/presence.policy.js';
import { firstSeen } from '../robots.metrics.js';
import { RobotsSettings } from '../robots.settings.js';
import { findRobots } from './robot.repository.js';
import { registerRobots, type Sighting, touchRobots } from './sighting.repository.js';
import { Turns } from './turns.js';

/**
 * What every message of a robot does, in one transaction with what the message itself says: the robot's row exists, it
 * was seen, it is online. Nothing waits in memory, so an acknowledged message is a stored sign of life.
 */
@Injectable()
export class Registrar {
  private readonly turns = new Turns();

  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly introductions: IntroductionSweeper,
    private readonly settings: RobotsSettings,
  ) {}

  /**
   * Stores messages with their signs of life.
   * @throws PermanentMessageError `NOT_STORABLE` for what Postgres can never take
   */
  async record<T>(arrivals: readonly Arrival[], store: (tx: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.sight(newestOf(arrivals), store);
    } catch (error) {
      if (!isDataError(error)) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new PermanentMessageError('NOT_STORABLE', `Postgres refuses it: ${message}`, { cause: error });
    }
  }

  /** As {@link record} for one message, after those of the same robot that came before it: its events keep their order. */
  recordInTurn<T>(arrival: Arrival, store: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.turns.take(arrival.robotId, () => this.record([arrival], store));
  }

  /** Makes a row for a robot that was not seen yet. */
  async enrol(robotId: string): Promise<void> {
    const isNew = await this.dataSource.transaction(async (tx) => (await register(tx, [robotId])).length > 0);
    if (!isNew) return;
    firstSeen.inc();
    this.outbox.kick();
  }

  private async sight<T>(sightings: readonly Sighting[], store: (tx: EntityManager) => Promise<T>): Promise<T> {
    const limit = onlineAfter(Date.now(), this.settings);
    const { result, registered, transitions } = await this.dataSource.transaction(async (tx) => {
      const added = await registerRobots(
        tx,
        sightings.map(({ robotId }) => robotId),
      );
      const changed = await touchRobots(tx, sightings, limit);
      await announce(tx, added);
      await enqueue(tx, changed.map(presenceEvent));
      return { result: await store(tx), registered: added, transitions: changed };
    });
    if (registered.length + transitions.length > 0) {
      this.outbox.kick();
      firstSeen.inc(registered.length);
      this.introductions.consider(transitions.map(({ robotId }) => robotId));
    }
    return result;
  }
}

async function register(tx: EntityManager, robotIds: readonly string[]): Promise<readonly string[]> {
  const added = await registerRobots(tx, robotIds);
  await announce(tx, added);
  return added;
}

async function announce(tx: EntityManager, robotIds: readonly string[]): Promise<void> {
  if (robotIds.length === 0) return;
  const { event } = ROBOT_EVENTS.registered;
  const robots = await findRobots(tx, robotIds);
  await enqueue(
    tx,
    robots.map((robot) => ({
      subject: robotEventSubject(robot.robotId, event),
      messageId: `${robot.robotId}:${event}:${robot.createdAt}`,
      body: robot,
    })),
  );
}

/** The latest sign of life per robot. */
function newestOf(arrivals: readonly Arrival[]): readonly Sighting[] {
  const newest = new Map<string, Date>();
  for (const { robotId, receivedAt } of arrivals) {
    const known = newest.get(robotId);
    if (known === undefined || known < receivedAt) newest.set(robotId, receivedAt);
  }
  return [...newest].map(([robotId, at]) => ({ robotId, at }));
}
