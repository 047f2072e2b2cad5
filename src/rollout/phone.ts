/**
 * Telephone numbers as people write them: with a plus or a zero in front, an area code in parentheses,
 * or groups of the lengths that national numbers have. What looks like a thousand, a date, an address
 * or an instant is none. Sources without groups of their own: they become part of a longer pattern.
 */
export const PHONE_NUMBERS: readonly RegExp[] = [
  // +977 98-4123-4567, +49 (0)30 123456-78, +9779841234567
  /(?<![\w+])\+\d(?:[\s()./-]{0,3}\d){7,14}(?!\d)/u,
  // 0049 30 123456
  /(?<![\w.+:,-])00[1-9]\d{0,2}(?:[\s./-]\d{1,8}){2,5}(?![\w:])/u,
  // (555) 123-4567, (11) 91234-5678
  /\(0?\d{1,4}\)[\s./-]{0,2}\d{3,8}(?:[\s.-]\d{2,5}){0,3}(?![\w:])/u,
  // 01 23 45 67 89, 020 7946 0958, 0412 345 678, 030/12345678, 098765 43210: nine to twelve digits.
  /(?<![\w.+:,/-])(?=0\d(?:[\s./-]?\d){7,10}(?![\s./-]?\d))0\d{1,5}(?:[\s./-]\d{2,8}){1,5}(?![\w:])/u,
  // 555-123-4567, 138 0013 8000, 03-1234-5678
  /(?<![\w.+:,/-])(?:\d{3}[\s.-]\d{3}[\s.-]\d{4}|\d{2,3}[\s-]\d{4}[\s-]\d{4})(?![\w:]|[.,]\d|[\s-]\d)/u,
  // 612 345 678, 612 34 56 78
  /(?<![\w.+:,/-])[5-9]\d\d[\s-](?:\d{3}[\s-]\d{3}|\d\d[\s-]\d\d[\s-]\d\d)(?![\w:]|[.,]\d|[\s-]\d)/u,
  // 98412-34567
  /(?<![\w.+:,/-])[6-9]\d{4}[\s-]\d{5}(?![\w:]|[.,]\d|[\s-]\d)/u,
  // Ten digits and more in one piece, unless they are the seconds or milliseconds of an instant.
  /(?<![\w.+:#/-])(?!1[4-9]\d{8}(?:\d{3})?(?!\d))\d{10,15}(?![\w-]|\.\d)/u
]
