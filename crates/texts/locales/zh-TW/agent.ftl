# 卡片元件的網頁與 kaika-agent 指令。

language = 語言
card = 卡片
reader = 讀卡機

agent-title = 卡片元件
agent-purpose = 這是在您電腦上執行的卡片元件，讓開卡等工作能使用您的讀卡機。它只接受這台電腦的連線。
agent-privacy = PIN碼只會送到卡片，不會送到任何網站，也不會留存。

tray-title = 卡片盤
tray-purpose = 這裡是示範用的軟體卡片與讀卡機。您可以插入、取出卡片，也可以讓卡片在工作途中被拔出，看看會發生什麼事。
tray-readers = 讀卡機
tray-cards = 桌上的卡片
tray-no-cards = 所有卡片都在讀卡機裡。
tray-empty = 沒有卡片
tray-taken = 已有卡片
tray-insert = 插入
tray-remove = 取出
tray-step = 第幾個指令
tray-remove-later = 到時拔出
tray-state-blank = 空白卡
tray-state-blocked = 未開卡或已鎖卡
tray-state-ready = 可以使用

prompt-user_code = 用戶代碼：
prompt-new_pin = 新的PIN碼(6 到 8 個數字):
prompt-new_pin_again = 再輸入一次新的PIN碼：
prompt-pins_differ = 兩次輸入的PIN碼不同，請重新輸入。

progress-started = 卡片 { $card }
progress-batch = 處理中，請勿拔取卡片……
progress-waiting = 伺服器沒有回應，再試一次……

tool-no-readers = 沒有讀卡機。
tool-no-card = (沒有卡片)
tool-unknown = (無法辨識的卡片)
tool-number = 卡號
tool-authority = 憑證管理中心
tool-holder = 卡片持有者
tool-validity = 有效期間
tool-activated = 開卡
tool-pin-tries = PIN碼可再試
tool-puk-tries = PUK碼可再試
tool-certificates = 憑證
tool-yes = 是
tool-no = 否
tool-not-known = 不明
tool-activated-done = 開卡成功，卡片 { $card } 可以使用了。
tool-personalised-done = 卡片 { $card } 製作完成。

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
