const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const CHECKSUM_BYTES = 2;
const CRC16_XMODEM = 0x1021;

/** The text of an nkey: base32 without padding of the bytes and their CRC-16, lowest byte first. */
export function toNkeyText(bytes: Uint8Array): string {
  const checksum = crc16(bytes);
  const input = [...bytes, checksum & 0xff, checksum >> 8];
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of input) {
    held = ((held << 8) | byte) & 0xffff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += ALPHABET.charAt((held >> (bits - 5)) & 31);
  }
  return bits > 0 ? text + ALPHABET.charAt((held << (5 - bits)) & 31) : text;
}

/** The bytes behind an nkey's text; throws when a letter or the checksum is wrong. */
export function fromNkeyText(text: string): Uint8Array {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) throw new Error('an nkey has letters A to Z and digits 2 to 7 only');
    held = ((held << 5) | value) & 0xffff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 0xff);
  }
  const payload = Uint8Array.from(bytes.slice(0, -CHECKSUM_BYTES));
  const [low = 0, high = 0] = bytes.slice(-CHECKSUM_BYTES);
  if (crc16(payload) !== low + (high << 8)) throw new Error('the checksum of an nkey is wrong');
  return payload;
}

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ CRC16_XMODEM;
    crc &= 0xffff;
  }
  return crc;
}
