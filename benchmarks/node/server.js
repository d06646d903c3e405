// The peer: node's `soap` server on the same WSDL, with 1,000 accounts in memory. Prints its port when it listens.
const fs = require("fs");
const http = require("http");
const soap = require("soap");

const [, , wsdlPath, key] = process.argv;
const accounts = new Map();
for (let n = 0; n < 1000; n++) accounts.set(String(20000000 + n), { cents: 12550, future: 18275, email: `payer${n}@example.com` });

const money = (cents) => (cents / 100).toFixed(2);
const refused = (message) => ({ Success: false, ErrorMessage: message });

function account(request, keyField) {
  if (request[keyField] !== key) return [null, "Invalid web service key."];
  const found = accounts.get(request.AccountNumber);
  return found ? [found, null] : [null, "Account not found."];
}

const operations = {
  BalanceCheck(request) {
    const [found, problem] = account(request, "WebServiceKey");
    if (problem) return { BalanceCheckResult: { Balance: "0", FutureBalance: "0", ...refused(problem) } };
    return {
      BalanceCheckResult: {
        Balance: money(found.cents),
        FutureBalance: money(found.future),
        Email: found.email,
        Success: true,
      },
    };
  },
  MakePaymentExtended(request) {
    const [found, problem] = account(request, "WebserviceKey");
    if (problem) return { MakePaymentExtendedResult: refused(problem) };
    const cents = Math.round(parseFloat(request.PaymentAmount) * 100);
    found.cents -= cents;
    found.future -= cents;
    return { MakePaymentExtendedResult: { Success: true } };
  },
};

const server = http.createServer((_, response) => response.end());
server.listen(0, "127.0.0.1", () => {
  soap.listen(server, "/iCloud.asmx", { ICloud: { ICloudSoap: operations, ICloudSoap12: operations } }, fs.readFileSync(wsdlPath, "utf8"));
  console.log(server.address().port);
});
