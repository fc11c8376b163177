import { Server, type IncomingMessage } from 'node:http';
import { Server as SecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { HTTP_HEADERS, MusterError } from '#libs/contracts';
import { endWithError, requestIdOf } from '#libs/platform';

/** Takes over a connection that asks for another protocol. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

interface UpgradeRoute {
  readonly matches: (path: string) => boolean;
  readonly handle: UpgradeHandler;
}

/**
 * Decides who gets an upgrade. engine.io would end every foreign one after a second, so it is told not to, and what
 * nobody claims is refused here.
 */
@Injectable()
export class UpgradeRouter {
  private readonly routes: UpgradeRoute[] = [];

  constructor(private readonly host: HttpAdapterHost) {}

  /** Claims paths. Without a handler the upgrade is left to another listener of the server, as engine.io is. */
  claim(matches: (path: string) => boolean, handle: UpgradeHandler = () => undefined): void {
    this.routes.push({ matches, handle });
  }

  /** Begins to decide; once, when the server's other listeners are there. */
  listen(): void {
    const server: unknown = this.host.httpAdapter.getHttpServer();
    if (!(server instanceof Server || server instanceof SecureServer)) {
      throw new TypeError('upgrades need an HTTP or HTTPS server');
    }
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const path = request.url?.split('?', 1)[0] ?? '/';
      const route = this.routes.find(({ matches }) => matches(path));
      if (route) route.handle(request, socket, head);
      else endWithError(socket, noSocketAt(path), requestIdOf(request.headers[HTTP_HEADERS.requestId]));
    });
  }
}

function noSocketAt(path: string): MusterError {
  return new MusterError('ROUTE_NOT_FOUND', `There is no socket at ${path.slice(0, 200)}.`);
}
