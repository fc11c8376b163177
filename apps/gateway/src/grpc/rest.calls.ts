import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { MusterError, type Route } from '#libs/contracts';

/** A call as the request that it stands for. */
export interface RestCall {
  readonly route: Route;
  readonly headers: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** JSON, byte for byte. */
  readonly body?: Uint8Array;
  readonly address: string;
}

export interface RestAnswer {
  readonly status: number;
  readonly payload: Buffer;
}

/** Clients take messages of 4 MiB unless told otherwise. */
const MAX_PAYLOAD_BYTES = 4 * 1024 ** 2 - 1024;

/**
 * Carries out calls as requests of REST, without a connection: guards, limits, checks, handlers and records are the same because
 * they are the same.
 */
@Injectable()
export class RestCalls {
  constructor(private readonly host: HttpAdapterHost) {}

  /** @throws MusterError `PAYLOAD_TOO_LARGE` for an answer that fits into no message. */
  async carryOut({ route, headers, query = {}, body, address }: RestCall): Promise<RestAnswer> {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    const response = await fastify.inject({
      method: route.method,
      url: route.path,
      query: { ...query },
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { payload: Buffer.from(body) }),
      remoteAddress: address,
      payloadAsStream: true,
    });
    return { status: response.statusCode, payload: await read(response.stream(), route) };
  }
}

async function read(stream: AsyncIterable<unknown>, { path }: Route): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    sizeBytes += bytes.length;
    if (sizeBytes > MAX_PAYLOAD_BYTES) {
      throw new MusterError('PAYLOAD_TOO_LARGE', `The answer is larger than a message may be; read it at ${path}.`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
