/** Market codes, ISO 3166-1 alpha-2. Lists are shared by reference: a catalogue holds thousands of users of them. */
export type Markets = readonly string[];

const codes = (text: string): Markets => Object.freeze(text.trim().split(/\s+/));

/** Spotify's markets, in the order of its responses. */
export const everywhere = codes(`
  AR AU AT BE BO BR BG CA CL CO CR CY CZ DK DO DE EC EE SV FI FR GR GT HN HK HU IS IE IT LV LT LU MY MT MX NL
  NZ NI NO PA PY PE PH PL PT SG SK ES SE CH TW TR UY US GB AD LI MC ID JP TH VN RO IL ZA SA AE BH QA OM KW EG
  MA DZ TN LB JO PS IN BY KZ MD UA AL BA HR ME MK RS SI KR BD PK LK GH KE NG TZ UG AG AM BS BB BZ BT BW BF CV
  CW DM FJ GM GE GD GW GY HT JM KI LS LR MW MV ML MH FM NA NR NE PW PG PR WS SM ST SN SC SL SB KN LC VC SR TL
  TO TT TV VU AZ BN BI KH CM TD KM GQ SZ GA GN KG LA MO MR MN NP RW TG UZ ZW BJ MG MU MZ AO CI DJ ZM CD CG IQ
  LY TJ VE ET XK`);

export const nowhere: Markets = Object.freeze([]);
export const onlyKorea = codes('KR');
export const onlySpain = codes('ES');
const northAmerica = codes('CA MX US PR');
const europe = codes(`
  AT BE BG CY CZ DK DE EE FI FR GR HU IS IE IT LV LT LU MT NL NO PL PT SK ES SE CH GB AD LI MC RO HR SI`);
/** The markets that have audiobooks, as Spotify documents them. */
export const audiobookMarkets = codes('US GB CA IE NZ AU');
export const onlyBritain = codes('GB');
export const outsideSpain = without('ES');
const outsideJapan = without('JP');

/** The market lists of ordinary releases with limited availability, all equally likely. */
export const usualLimits = [northAmerica, europe, outsideJapan, outsideSpain] as const;

// ISO codes without Spotify. Requests may name them; no object is available there.
const withoutSpotify = codes(`
  AF AI AQ AS AW AX BL BM BQ BV CC CF CK CN CU CX EH ER FK FO GF GG GI GL GP GS GU HM IM IO IR JE KP KY MF MM
  MP MQ MS NC NF NU PF PM PN RE RU SD SH SJ SO SS SX SY TC TF TK TM UM VA VG VI WF YE YT`);

const acceptedMarkets = new Set([...everywhere, ...withoutSpotify]);

/** Whether Spotify accepts the text as a market: a code of ISO 3166-1 in capitals, or XK. */
export const isMarket = (text: string): boolean => acceptedMarkets.has(text);

function without(code: string): Markets {
  return Object.freeze(everywhere.filter((market) => market !== code));
}
