import { flag, integer, settings } from '#libs/platform';

/** The gRPC listener of the gateway. */
export class GrpcSettings extends settings({
  isOn: flag('GRPC', { default: true, hint: 'off to serve no gRPC' }),
  port: integer('GRPC_PORT', {
    default: 50_051,
    min: 0,
    max: 65_535,
    hint: 'the TCP port of gRPC, 0 for any free one; without TLS_CERT_FILE it is reached from this machine alone',
  }),
}) {}
