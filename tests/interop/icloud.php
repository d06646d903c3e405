<?php
// A utility's iCloud.asmx as another hand would write it: PHP's own SoapServer over a file of accounts. It knows nothing of
// partnerlab but the WSDL. BROKEN names what is wrong with it on purpose.
//
//     WSDL=iCloud.wsdl STATE=state.json php -S 127.0.0.1:8080 icloud.php

const KEY = '11111111-1111-4111-8111-111111111111';
$broken = explode(',', (string) getenv('BROKEN'));

class Utility
{
    public function __construct(private array $broken) {}

    public function BalanceCheck(object $asked): array
    {
        return $this->answer('BalanceCheck', $asked->WebServiceKey ?? '', $asked->AccountNumber ?? '', function (&$account) {
            return ['Balance' => $this->money($account['due']), 'FutureBalance' => $this->money($account['due'] + 5725),
                'Email' => $account['email']];
        }, ['Balance' => '0.00', 'FutureBalance' => '0.00']);
    }

    public function MakePaymentExtended(object $asked): array
    {
        return $this->answer('MakePaymentExtended', $asked->WebserviceKey ?? '', $asked->AccountNumber ?? '', function (&$account) use ($asked) {
            if (!preg_match('/^[0-9]+(\.[0-9]{1,2})?$/', (string) $asked->PaymentAmount) || $asked->PaymentAmount <= 0) {
                return 'PaymentAmount must be above zero and in whole cents.';
            }
            $cents = (int) round(100 * (float) $asked->PaymentAmount);
            $account['due'] -= in_array('dimes', $this->broken) ? 10 * (int) round($cents / 10) : $cents;
            return [];
        });
    }

    public function SetPaperless(object $asked): array
    {
        return $this->switched('SetPaperless', $asked, $asked->PaperlessOnOff ?? '');
    }

    public function SetAutopay(object $asked): array
    {
        return $this->switched('SetAutopay', $asked, $asked->AutoPayOnOff ?? '');
    }

    public function SetEmail(object $asked): array
    {
        return $this->answer('SetEmail', $asked->WebserviceKey ?? '', $asked->Accountnumber ?? '', function (&$account) use ($asked) {
            $account['email'] = $asked->NewEmail;
            return [];
        });
    }

    private function switched(string $operation, object $asked, string $word): array
    {
        return $this->answer($operation, $asked->WebserviceKey ?? '', $asked->Accountnumber ?? '', function (&$account) use ($word) {
            return in_array($word, ['On', 'Off'], true) ? [] : 'Neither On nor Off.';
        });
    }

    // One call: the key, the account, then the change, all of it while the file is locked.
    private function answer(string $operation, string $key, string $number, callable $do, array $nothing = []): array
    {
        $refused = fn (string $why) => [$operation . 'Result' => $nothing + ['Success' => false, 'ErrorMessage' => $why]];
        if ($key !== KEY && !in_array('keys', $this->broken)) {
            return $refused('The key is wrong.');
        }
        $file = fopen(getenv('STATE'), 'c+');
        flock($file, LOCK_EX);
        $accounts = json_decode(stream_get_contents($file) ?: '{}', true) ?: ['10000101' => ['due' => 12550, 'email' => 'willows@example.com']];
        if (!isset($accounts[$number])) {
            return $refused('There is no such account.');
        }
        $done = $do($accounts[$number]);
        if (is_string($done)) {
            return $refused($done);
        }
        ftruncate($file, 0);
        rewind($file);
        fwrite($file, json_encode($accounts));
        fclose($file);
        return [$operation . 'Result' => $done + ['Success' => true]];
    }

    private function money(int $cents): string
    {
        return sprintf('%s%d.%02d', $cents < 0 ? '-' : '', intdiv(abs($cents), 100), abs($cents) % 100);
    }
}

if (strtolower($_SERVER['QUERY_STRING'] ?? '') === 'wsdl') {
    header('Content-Type: text/xml; charset=utf-8');
    readfile(getenv('WSDL'));
} elseif ($_SERVER['REQUEST_METHOD'] !== 'POST' || !str_starts_with(strtolower($_SERVER['REQUEST_URI']), '/icloud.asmx')) {
    http_response_code(404);
} else {
    $server = new SoapServer(getenv('WSDL'), ['cache_wsdl' => WSDL_CACHE_NONE, 'encoding' => 'UTF-8']);
    $server->setObject(new Utility($broken));
    $server->handle();
}
