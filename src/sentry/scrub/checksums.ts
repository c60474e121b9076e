/** The length of an IBAN by country. */
const LENGTHS = new Map<string, number>(
  (
    'AD24 AE23 AL28 AO25 AT20 AZ28 BA20 BE16 BF28 BG22 BH22 BI27 BJ28 BR29 BY28 CF27 CG27 CH21 CI28 CM27 CR22 CV25 CY28 CZ24 DE22 ' +
    'DJ27 DK18 DO28 DZ26 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GA27 GB22 GE22 GI23 GL18 GQ27 GR27 GT28 GW25 HN28 HR21 HU28 IE22 IL23 ' +
    'IQ23 IR26 IS26 IT27 JO30 KM27 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MA28 MC27 MD24 ME22 MG27 MK19 ML28 MN20 MR27 MT31 ' +
    'MU30 MZ25 NE28 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SN28 SO23 ST25 ' +
    'SV28 TD27 TG28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** Whether the digits among the characters end in the check digit of a card number. */
export function isLuhn(text: string): boolean {
  let sum = 0;
  let even = false;
  for (let i = text.length - 1; i >= 0; i--) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) continue;
    sum += even ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit;
    even = !even;
  }
  return sum % 10 === 0;
}

/**
 * Where the IBAN ends that begins at `at`, with blanks between its groups or without; -1 if there is none. Its length, its check digits and that no
 * letter or digit follows are looked at.
 */
export function endOfIban(text: string, at: number): number {
  const length = LENGTHS.get(text.slice(at, at + 2));
  if (length === undefined) return -1;
  let plain = '';
  let end = at;
  while (plain.length < length) {
    const c = text.charCodeAt(end);
    if (isAlphanumeric(c)) plain += text[end];
    else if (c !== 0x20 || !isAlphanumeric(text.charCodeAt(end - 1))) return -1;
    end++;
  }
  if (isAlphanumeric(text.charCodeAt(end))) return -1;
  let rest = 0;
  for (const c of (plain.slice(4) + plain.slice(0, 4)).toUpperCase()) {
    const value = Number.parseInt(c, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1 ? end : -1;
}

function isAlphanumeric(c: number): boolean {
  const letter = c | 0x20;
  return (c >= 0x30 && c <= 0x39) || (letter >= 0x61 && letter <= 0x7a);
}
