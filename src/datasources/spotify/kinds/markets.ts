import { BadUserInput } from '../../../errors.ts';

declare const market: unique symbol;

/** An ISO 3166-1 alpha-2 country code in capitals. Only this file makes one. */
export type Market = string & { readonly [market]: true };

// The officially assigned codes, and XK (Kosovo), which Spotify serves although ISO has not assigned it.
const codes = new Set(
  `AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW
   BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI
   FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN
   IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME
   MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF
   PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV
   SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE
   YT ZA ZM ZW XK`.split(/\s+/),
);

/** Whether the text is a market as Spotify takes it: `DE`, not `de`. */
export const isMarket = (input: string): input is Market => codes.has(input);

/** @throws BadUserInput when the text is no ISO 3166-1 alpha-2 code in capitals */
export function parseMarket(input: string): Market {
  if (isMarket(input)) return input;
  throw new BadUserInput(
    'Not a market: give an ISO 3166-1 alpha-2 country code in capitals, such as DE or GB.',
  );
}

/**
 * The market of podcasts, audiobooks, playlists and top tracks if no market is known: without a market Spotify finds them,
 * or the episodes in them, for few apps (spotipy#552). It is Spotify's own default (spotify/web-api#813).
 */
export const fallbackMarket = parseMarket('US');
