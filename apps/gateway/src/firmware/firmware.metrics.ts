import { Counter, register } from 'prom-client';

export const downloadedBytes = new Counter({
  name: 'muster_firmware_download_bytes_total',
  help: 'Bytes of firmware files that this gateway has sent',
  registers: [register],
});

export const diskHits = new Counter({
  name: 'muster_firmware_cache_hits_total',
  help: 'Downloads whose file was on this gateway’s disk',
  registers: [register],
});

export const diskMisses = new Counter({
  name: 'muster_firmware_cache_misses_total',
  help: 'Downloads whose file had to come from the object store',
  registers: [register],
});

export const damagedFiles = new Counter({
  name: 'muster_firmware_cache_damaged_total',
  help: 'Files on this gateway’s disk that were not what they had been, and were dropped',
  registers: [register],
});
