// Calls all five operations with the `soap` package: node calls.js WSDL 1.1|1.2 KEY
"use strict";
const soap = require("soap");

async function main(wsdl, version, key) {
  const client = await soap.createClientAsync(wsdl, { forceSoap12Headers: version === "1.2" });
  const port = client.ICloud[version === "1.2" ? "ICloudSoap12" : "ICloudSoap"];
  const call = (operation, fields) =>
    new Promise((resolve, reject) =>
      port[operation](fields, (error, result) => (error ? reject(error) : resolve(result[`${operation}Result`])))
    );
  const out = { operations: Object.keys(port).sort() };
  const balance = () => call("BalanceCheck", { AccountNumber: "10000101", LastInvoiceNumber: 500001, WebServiceKey: key });
  out.before = await balance();
  out.payment = await call("MakePaymentExtended", {
    AccountNumber: "10000101",
    PaymentDate: new Date("2026-11-21T10:00:00.250Z").toISOString(),
    PaymentReference: "IC-<1>",
    DocumentNumber: "500001",
    PaymentTypeDesc: "Credit Card",
    PaymentAmount: "25.50",
    ConvenienceFee: "2.95",
    WebserviceKey: key,
  });
  out.paperless = await call("SetPaperless", { Accountnumber: "10000101", PaperlessOnOff: "On", WebserviceKey: key });
  out.autopay = await call("SetAutopay", { Accountnumber: "10000101", AutoPayOnOff: "Off", WebserviceKey: key });
  out.email = await call("SetEmail", { Accountnumber: "10000101", NewEmail: "b\u00e4ckerei@example.com", WebserviceKey: key });
  out.after = await balance();
  out.refused = await call("SetPaperless", { Accountnumber: "10000101", PaperlessOnOff: "Yes", WebserviceKey: key });
  out.absent = await call("BalanceCheck", { AccountNumber: "10000105", LastInvoiceNumber: 0, WebServiceKey: key });
  out.successByText = client.lastResponse.includes("<Success>true</Success>");
  try {
    await call("BalanceCheck", { AccountNumber: "10000101", LastInvoiceNumber: "abc", WebServiceKey: key });
  } catch (error) {
    out.fault = error.root.Envelope.Body.Fault;
  }
  process.stdout.write(JSON.stringify(out));
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
