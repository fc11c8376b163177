import 'reflect-metadata';
import { runService } from '#libs/platform';
import { BeaconsModule } from './beacons.module.js';

await runService({ name: 'beacons', module: BeaconsModule });
