// Order of search results: prose before the reference of functions; for a number, first the pages whose tables lead to its file.
var Scorer = {
  sources: ["results", "claims", "evidence", "reading"],
  score: ([page, , , , score]) => {
    if (page.startsWith("api/")) return score - 30;
    const number = /\d[.,]\d/.test(new URLSearchParams(location.search).get("q") ?? "");
    return number && Scorer.sources.includes(page) ? score + 30 - Scorer.sources.indexOf(page) : score;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
