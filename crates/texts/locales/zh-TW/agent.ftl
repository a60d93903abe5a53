# 卡片元件的網頁與 kaika-agent 指令。

language = 語言
card = 卡片
reader = 讀卡機

agent-title = 卡片元件
agent-where = 在您的電腦上執行
agent-purpose = 這是在您電腦上執行的卡片元件，讓開卡等工作能使用您的讀卡機。它只接受這台電腦的連線。
agent-privacy = PIN碼只會送到卡片，不會送到任何網站，也不會留存。

agent-change-pin = 把卡片的PIN碼換成新的。只在這台電腦和卡片之間進行，不經過任何網站。
agent-blocked = 瀏覽器擋住了卡片視窗。請在網址列允許這一頁開啟彈出式視窗，再按一次。

agent-sites = 可以使用這台電腦卡片的網站
agent-no-sites = 目前沒有任何網站可以使用這台電腦的卡片。要允許發卡機關的網站，請用 --portal 加入設定。

window-title = 卡片視窗
window-tag = 在您的電腦上
window-safe = PIN碼只會送到卡片，網站看不到。
window-site = 要求的網站
window-close = 關閉視窗
window-waiting = 正在與網頁連線……
window-no-opener = 請從網站開始
window-no-opener-next = 這個視窗要由發卡機關的網站開啟才能使用。請關閉它，到網站上按「進行開卡」。
window-agent-gone = 連不上這台電腦上的卡片元件
window-agent-gone-next = 元件可能已經停止。它恢復後，這個視窗會自動繼續；若一直沒有恢復，請重新啟動元件，再從網站開始。
window-forgotten = 這個視窗已經失效
window-forgotten-next = 為了保護您，太久沒有動作，或元件重新啟動之後，視窗就不能再用。請關閉它，再從網站開始。卡片沒有受到影響。
window-no-script = 這個視窗需要 JavaScript 才能運作。請在瀏覽器的設定中允許它，再從網站開始。
window-looking = 正在讀取卡片
window-looking-next = 大約需要幾秒鐘，請讓卡片留在讀卡機裡。
window-choose = 請選擇要使用的卡片
window-choose-next = 讀卡機裡有不只一張卡片。請看卡片持有者和卡號，選擇要使用的那一張。
window-choose-none = 讀卡機裡的卡片都不能辦理
window-choose-this = 使用這張卡片
window-choose-again = 改用另一張卡片
window-card = 您的卡片
window-card-read = 已讀到卡片 { $card }。請確認資料後輸入。
window-number = 卡號
window-holder = 卡片持有者
window-holder-details = 詳細
window-issuer = 發卡機關
window-validity = 有效期間
window-until = { $first } 至 { $last }
window-tries = 還可以再試
window-tries-left = { $told ->
        [pin] PIN碼 { $pin } 次
        [puk] PUK碼 { $puk } 次
       *[both] PIN碼 { $pin } 次，PUK碼 { $puk } 次
    }
window-card-shown = 已讀到卡片 { $card }。
window-activate-by = 請在 { $date }前完成開卡。
advice-good = 這張卡片已經開卡，可以正常使用。
    .next = 您不必再做什麼。
advice-ending = { $days ->
        [0] 這張卡片今天到期。
       *[other] 這張卡片快到期了，還有 { $days } 天。
    }
    .next = 過期後不能再用來簽章或登入。請在那之前聯絡我們換發新卡{ $contact ->
        [unknown] 。
       *[other] ：{ $contact }
    }
advice-not_activated = 這張卡片還沒有開卡。
    .next = { $date ->
        [unknown] 請用「{ $job }」完成開卡，需要用戶代碼。
       *[other] 請在 { $date }前用「{ $job }」完成開卡，需要用戶代碼。
    }
advice-suspended = 這張卡片的憑證已停用，現在不能使用。
    .next = 若是您自己停用的，可以用「{ $job }」恢復，需要用戶代碼；若不是，請聯絡我們{ $contact ->
        [unknown] 。
       *[other] ：{ $contact }
    }
advice-pin_locked = 這張卡片的PIN碼已鎖住。憑證和金鑰都還在卡片裡。
    .next = 請用「{ $job }」設定新的PIN碼，需要用戶代碼。
advice-puk_locked = 這張卡片的PUK碼已鎖住，忘記PIN碼時不能再重設。
    .next = 記得PIN碼的話，卡片可以照常使用，請不要忘記。想不起來時，請聯絡我們補發新卡{ $contact ->
        [unknown] 。
       *[other] ：{ $contact }
    }
advice-blocked = 這張卡片的PIN碼和PUK碼都已鎖住，不能再解鎖。
    .next = 請打電話給我們，或到註冊窗口申請補發新卡{ $contact ->
        [unknown] 。
       *[other] ：{ $contact }
    }
advice-partly = 這張卡片有些憑證可以使用，有些不能。
    .next = 請看下面各張憑證的狀態；有疑問請聯絡我們{ $contact ->
        [unknown] 。
       *[other] ：{ $contact }
    }
advice-expired = 這張卡片的憑證已過期，不能再用來簽章或登入。
    .next = { $opens ->
        [yes] 先前加密給您的檔案，請先用這張卡片解密另存，再聯絡我們換發新卡
       *[no] 還需要憑證的話，請聯絡我們換發新卡
    }{ $contact ->
        [unknown] 。
       *[other] ：{ $contact }
    }
advice-revoked = 這張卡片的憑證已廢止，不能再使用。
    .next = { $opens ->
        [yes] 先前加密給您的檔案，請先用這張卡片解密另存，再聯絡我們申請新卡
       *[no] 還需要憑證的話，請聯絡我們申請新卡
    }{ $contact ->
        [unknown] 。
       *[other] ：{ $contact }
    }
window-held = 您在這個中心的卡片
window-held-activated = 已開卡
window-held-not-activated = 未開卡
window-held-this = 讀卡機裡的這一張
window-certificates = 憑證
window-reader = 讀卡機
window-show = 顯示
window-hide = 隱藏
window-not-in-focus = 請先看清楚這個視窗，再按按鈕。
window-leave-card = 處理中，請勿拔取卡片
window-leave-card-next = 請不要拔出卡片，也不要關閉電腦。萬一中斷，卡片不會因此損壞，可以再接續。
window-puk = 這次的PUK碼
window-puk-once = 只用一次。完成後卡片會自動換成新的PUK碼，不必抄下來。
window-keypad = 請在讀卡機的數字鍵上輸入
window-keypad-puk = 輸入上面的PUK碼，按確認鍵
window-keypad-new-pin = { $form ->
        [one] 輸入新的PIN碼（自己設定 { $max } 個數字），按確認鍵
       *[range] 輸入新的PIN碼（自己設定 { $min } 至 { $max } 個數字），按確認鍵
    }
window-keypad-again = 再輸入一次新的PIN碼，按確認鍵
window-keypad-proof = 最後再輸入一次新的PIN碼
window-keypad-proof-why = 新的PIN碼已經設定。請在讀卡機上再輸入一次，證明您記得它。
window-keypad-once-more = 輸入剛才設定的新PIN碼，按確認鍵
window-keypad-waits = 「{ $reader }」正在等您輸入……
window-keypad-keys = 打錯了按黃色的清除鍵；不想繼續按紅色的取消鍵，卡片不會受影響。您輸入的數字只會送到卡片，這台電腦看不到。
window-keypad-keys-proof = 打錯了按黃色的清除鍵。新的PIN碼已經設定，這一步只是再確認一次。您輸入的數字只會送到卡片，這台電腦看不到。
window-type = 請輸入PUK碼和新的PIN碼
window-type-stay = 過程中請讓卡片留在讀卡機裡。
window-give-up = 取消
window-asking-site = 正在向網站取得許可……
window-starting = 正在與伺服器連線……
window-at-card = 正在寫入卡片……
window-at-server = 伺服器正在確認……
window-retrying = 伺服器沒有回應，正在再試一次……
window-retrying-failed = 伺服器暫時無法處理，正在再試一次……
window-progress = 進度
window-goes-on = 完成後，這個視窗會自動繼續。
window-card-back = 卡片已經插回，可以繼續。
window-card-not-back = 等您把同一張卡片插回讀卡機，就可以繼續。
window-inputs-kept = 您剛才輸入的資料還在，不必重新輸入。
window-pin-unsure = 請在這裡繼續，會先確認卡片現在用的是哪一個PIN碼。
window-way = 接下來怎麼辦理，原來的網頁會告訴您。
window-go-on = 繼續
window-again = 再試一次
window-code = 代碼
window-no-answer = 原來的網頁沒有回應
window-no-answer-next = 請確認開啟這個視窗的網頁還開著，再試一次；若已經關閉，請關閉這個視窗，從網站重新開始。
window-site-says = 網站的說明
window-closes = 這個視窗即將自動關閉，結果會顯示在原來的網頁。

field-user_code = 用戶代碼
    .hint = 6 至 10 碼，英文大小寫不同。印在密碼單上，或是您申請時自己設定的。
    .missing = 請輸入用戶代碼。
field-pin = 目前的PIN碼
    .hint = 您現在使用的PIN碼。連續輸入錯誤會鎖卡，不確定時請先停下來。
    .missing = 請輸入目前的PIN碼。
field-puk = PUK碼
    .hint = 上面顯示的 8 個數字
    .missing = 請輸入上面顯示的PUK碼。
    .wrong = 和上面顯示的PUK碼不同，沒有送到卡片，也沒有扣除次數。請看著上面的數字再輸入一次。
field-new_pin = 新的PIN碼
    .hint = { $form ->
        [one] 請自己設定 { $max } 個數字
       *[range] 請自己設定 { $min } 至 { $max } 個數字
    }{ $rules ->
        [both] ，不能全部相同或連號
        [one_digit] ，不能全部相同
        [run] ，不能連號
       *[none] {""}
    }
    .warned = { $pattern ->
        [date] 這組數字是日期。撿到卡片的人會先試日期，尤其是生日。
        [run] 這組數字是連號。撿到卡片的人會先試連號。
       *[one_digit] 這組數字全部相同。撿到卡片的人會先試這樣的數字。
    }
    .warned-next = 請改用其他數字；若仍要使用這一組，請再按一次按鈕。
    .missing = 請設定新的PIN碼。
    .form = { $form ->
        [one] PIN碼必須是 { $max } 個半形數字。還沒有送到卡片，請再輸入一次。
       *[range] PIN碼必須是 { $min } 至 { $max } 個半形數字。還沒有送到卡片，請再輸入一次。
    }
field-new_pin_again = 再輸入一次新的PIN碼
    .hint = 與前一欄相同，確認沒有打錯
    .missing = 請再輸入一次新的PIN碼。

tray-title = 卡片盤
tray-purpose = 這裡是示範用的軟體卡片與讀卡機。把卡片拖進讀卡機就是插入，拖回桌面就是取出；也可以用按鈕操作。
tray-purpose-step = 想看看工作途中卡片被拔出會怎樣？等卡片視窗請您輸入資料時，先在這裡設定要在第幾個指令拔出，再按「進行開卡」。
tray-readers = 讀卡機
tray-cards = 桌面
tray-no-cards = 所有卡片都在讀卡機裡。把卡片拖到這裡就會取出。
tray-empty = 把卡片拖到這裡
tray-taken = 已有卡片
tray-insert = 插入
tray-remove = 取出
tray-step = 到第幾個指令
tray-remove-later = 拔出
tray-keypad = 讀卡機的數字鍵
tray-keypad-idle = 數字鍵
tray-keypad-puk = 請輸入PUK碼
tray-keypad-pin = 請輸入PIN碼
tray-keypad-new-pin = 請輸入新PIN碼
tray-keypad-again = 再輸入一次新PIN碼
tray-key-cancel = 取消
tray-key-clear = 清除
tray-key-enter = 確認
tray-planned = 這張卡片會在工作途中拔出
tray-refused = 沒有完成：
tray-gone = 卡片元件已停止，這一頁不再更新。
tray-blank = 拿一張新的空白卡
tray-blank-hint = 給您自己訂的卡片用：插入讀卡機，再以「kaika-agent card personalise」由製卡工作站寫入。
tray-quirks = 當成其他廠牌的卡片
tray-quirks-hint = 各家卡片不完全相同。這裡勾選的，新卡片就會照做，之後也一樣；可以試試結果如何。
tray-quirk-challenge-voided = 收到其他指令就忘掉管理金鑰的挑戰
tray-quirk-f7-empty = 不說明管理金鑰的狀態
tray-quirk-f7-flag = 管理金鑰是否為出廠值說反了
tray-quirk-f7-absent = 沒有 GET METADATA 指令
tray-quirk-reset-breaks-keys = 用 PUK 碼設新 PIN 碼後，金鑰就不能用了
tray-quirk-9c-once = 除非另外指定，簽章金鑰只問一次 PIN 碼
tray-quirk-reset-keeps-pin = 重置後 PIN 碼仍算已驗證
tray-quirk-fixed-serial = 序號是 0，同款卡片都一樣
tray-quirk-3des-only = 管理金鑰只會 3DES
tray-quirk-five-tries = PIN 碼與 PUK 碼可試五次
tray-quirk-plain = 沒有 Yubico 的指令
tray-quirk-no-ecdh = 加密金鑰不能協商金鑰
tray-quirk-6300 = PIN 碼錯誤時不說還剩幾次
tray-quirk-objects-fixed = 資料物件不能比第一次寫入時大
tray-quirk-9c-drops-pin = 簽章後其他金鑰要再驗 PIN 碼
tray-quirk-pin-complexity = 拒絕太簡單的 PIN 碼
tray-state-blank = 空白卡
tray-state-blocked = 未開卡或已鎖卡
tray-state-ready = 可以使用

prompt-user_code = 用戶代碼：
prompt-pin = 目前的PIN碼：
prompt-new_pin = { $form ->
        [one] 新的PIN碼（{ $max } 個數字）：
       *[range] 新的PIN碼（{ $min } 至 { $max } 個數字）：
    }
prompt-new_pin_again = 再輸入一次新的PIN碼：
prompt-mail_code = 信件裡的代碼（還沒有收到信就留空白）：
prompt-revoke = 廢止後憑證永久失效，不能恢復。確定要廢止，請輸入 revoke：
prompt-pin_warned = { $pattern ->
        [date] 這組數字是日期。撿到卡片的人會先試日期，尤其是生日。
        [run] 這組數字是連號。撿到卡片的人會先試連號。
       *[one_digit] 這組數字全部相同。撿到卡片的人會先試這樣的數字。
    }請改用其他數字；若仍要使用這一組，請再輸入一次。
prompt-pins_differ = 兩次輸入的PIN碼不同，請重新輸入。

progress-started = 卡片 { $card }
progress-batch = 處理中，請勿拔取卡片……
progress-waiting = { $why ->
        [busy] 伺服器忙碌中，再試一次……
        [internal] 伺服器處理時發生錯誤，再試一次……
       *[other] 伺服器沒有回應，再試一次……
    }

tool-no-readers = 沒有讀卡機。
tool-no-card = （沒有卡片）
tool-unknown = （無法辨識的卡片）
tool-number = 卡號
tool-authority = 憑證管理中心
tool-holder = 卡片持有者
tool-validity = 有效期間
tool-activated = 開卡
tool-device = 裝置序號
tool-algorithms = 金鑰種類
tool-management-key = 管理金鑰
tool-factory-key = 出廠值
tool-own-key = 不是出廠值
tool-can-be-used = 可以使用
tool-can-be-made = 可以製卡
tool-lacks = 否，缺少：{ $missing }
tool-pin-tries = PIN碼可再試
tool-puk-tries = PUK碼可再試
tool-certificates = 憑證
tool-yes = 是
tool-no = 否
tool-not-known = 不明
tool-pin-unsure = 卡片的PIN碼可能已經換成新的。請插回同一張卡片，用同樣的PIN碼再執行一次，並加上 --after-cut。

role-signature = 簽章
role-encryption = 加解密
role-login = 登入
role-card_authentication = 卡片鑑別

status-held = 待接受
status-valid = 有效
status-suspended = 停用
status-revoked = 廢止
status-expired = 已過期
status-unknown = 未查詢

run-started = 卡片元件已啟動：{ $url }
run-stop = 按 Ctrl-C 結束。
softcard-inserted = 軟體卡片在 { $address } 的讀卡機中，按 Ctrl-C 取出。

# What a job came to, where the result says more than that it is done

window-done-differs = 檢測完成：需要重寫
    .next = 請回到原來的網頁，按「執行『憑證重寫』」。
window-done-not-valid = 檢測完成：憑證目前不能使用
    .next = 原因和怎麼辦理，請看原來的網頁。
window-done-needless = 這張卡片不需要重寫
    .next = 卡片內容和憑證資料庫相符，沒有寫入任何東西。
window-done-test-failed = 測試沒有全部通過
    .next = 哪一項沒有通過、怎麼辦理，請看原來的網頁。
window-done-mail-sent = 還沒寫入卡片：請查看您的信件
    .next = 原來的網頁會告訴您接下來怎麼做。
window-done-mail-confirmed = 信箱已確認，還要寫入卡片
    .next = 請回到原來的網頁，按「繼續」。
window-done-mail-written = 電子郵件信箱已寫入憑證
    .next = 請看原來的網頁顯示的結果。
